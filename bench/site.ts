import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BorgServer } from '../test/support/borg-server.ts';
import { borgClient, executable } from '../test/support/paths.ts';
import { Pod } from '../test/support/pod.ts';
import { processes } from '../test/support/processes.ts';
import { TemporaryDirectory } from '../test/support/temporary.ts';
import { until } from '../test/support/until.ts';
import { DelayedLine } from './delay.ts';
import { Meter } from './meter.ts';
import type { Parts } from './result.ts';
import type { Program } from './sidecar.ts';
import { minus, usageOfChildren, usageOfTree } from './usage.ts';

/** Where Debian keeps it. */
const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

export type SiteOptions = { roundTripMs?: number; maxStartups?: string };
export type Taken<T> = { readonly value: T; readonly seconds: number; readonly parts: Parts };

/** A server, a line to it, and what measures both ends: the place where contenders meet. */
export class Site {
  readonly server: BorgServer;
  readonly line: DelayedLine;
  /** For whoever needs a corner of his own. */
  readonly directory: string;
  readonly meter: Meter;
  /** Whoever starts `ssh` from this path is measured. */
  readonly path: string;
  /** Wrapped, for the command lines of rivals that name what they start on the server. */
  readonly onServer: (command: string) => Promise<string>;
  /** Processes that play the application and belong to nobody's figures. */
  readonly bystanders = new Set<number>();
  readonly #stack: AsyncDisposableStack;

  static async start({ roundTripMs = 0, maxStartups }: SiteOptions = {}): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const { path: directory } = stack.use(await TemporaryDirectory.make('bench'));
    const meter = new Meter(directory);
    const ssh = await meter.wrap('ssh', 'ssh', '/usr/bin/ssh');
    const borg = await meter.wrap('server', 'borg', executable(borgClient));
    const sftp = await meter.wrap('server', 'sftp-server', SFTP_SERVER);
    const sshdOptions = [`Subsystem sftp ${sftp}`];
    const server = stack.use(
      await BorgServer.start({ borg, sshdOptions, ...(maxStartups ? { maxStartups } : {}) }),
    );
    const line = stack.use(await DelayedLine.to(server.port, roundTripMs));
    await mkdir(join(directory, 'secret'));
    await server.secret(join(directory, 'secret'), { port: line.port });
    const path = `${dirname(ssh)}:${dirname(executable(borgClient))}:/usr/bin:/bin`;
    return new Site({ server, line, directory, meter, path }, stack.move());
  }

  private constructor(
    made: Pick<Site, 'server' | 'line' | 'directory' | 'meter' | 'path'>,
    stack: AsyncDisposableStack,
  ) {
    this.server = made.server;
    this.line = made.line;
    this.directory = made.directory;
    this.meter = made.meter;
    this.path = made.path;
    this.onServer = (command) => made.meter.wrap('server', command.replaceAll('/', '-'), command);
    this.#stack = stack;
  }

  /** The words of an ssh that logs in as the sidecar does. */
  get ssh(): string[] {
    const at = (name: string) => join(this.directory, 'secret', name);
    return [
      ...['ssh', '-F', 'none', '-i', at('ssh-privatekey'), '-o', 'BatchMode=yes'],
      ...['-o', `UserKnownHostsFile=${at('known_hosts')}`, '-p', String(this.line.port)],
    ];
  }

  get login(): string {
    return `${this.server.user}@${this.server.host}`;
  }

  /** A pod whose program reaches the server over the line. */
  async pod(set: string, program: Program): Promise<Pod> {
    const env = { ...program.env, PATH: this.path, REPO_BASE: this.server.repoBaseAt(this.line.port) };
    const pod = await Pod.create({ ...program, server: this.server, set, env });
    await this.server.secret(pod.sshKeyDir, { port: this.line.port });
    return pod;
  }

  /** What a piece of work takes, in time and in parts, of all that this process starts. */
  async take<T>(work: () => Promise<T>): Promise<Taken<T>> {
    await this.#quiet();
    await Promise.all([this.meter.take('ssh'), this.meter.take('server')]);
    const before = this.#look();
    const began = performance.now();
    const value = await work();
    const seconds = (performance.now() - began) / 1_000;
    await this.#quiet();
    const after = this.#look();
    const [ssh, server] = [await this.meter.take('ssh'), await this.meter.take('server')];
    const client = minus(minus(after.client, before.client), ssh);
    // Beside the program that it serves, sshd's tree holds its own share of ssh.
    const sshd = minus(minus(after.sshd, before.sshd), server);
    const parts: Parts = {
      clientCpu: client.cpu,
      sshCpu: ssh.cpu + sshd.cpu,
      serverCpu: server.cpu,
      nodeWritten: client.written + ssh.written,
      serverWritten: server.written + sshd.written,
      sent: after.traffic.sent - before.traffic.sent,
      received: after.traffic.received - before.traffic.received,
      connections: after.traffic.connections - before.traffic.connections,
    };
    return { value, seconds, parts };
  }

  /**
   * What a process that goes on takes in a time, whether or not it stays connected. The client's figure holds its ssh,
   * the server's all of sshd.
   */
  async watch<T>(pid: number, work: () => Promise<T>): Promise<Taken<T>> {
    const look = () => ({
      client: usageOfTree(pid),
      server: usageOfTree(this.#sshd()),
      ...this.line.traffic,
    });
    const before = look();
    const began = performance.now();
    const value = await work();
    const seconds = (performance.now() - began) / 1_000;
    const after = look();
    const [client, server] = [minus(after.client, before.client), minus(after.server, before.server)];
    const parts: Parts = {
      clientCpu: client.cpu,
      sshCpu: 0,
      serverCpu: server.cpu,
      nodeWritten: client.written,
      serverWritten: server.written,
      sent: after.sent - before.sent,
      received: after.received - before.received,
      connections: after.connections - before.connections,
    };
    return { value, seconds, parts };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  #look() {
    const sshd = this.#sshd();
    return {
      client: usageOfChildren([sshd, ...this.bystanders]),
      sshd: usageOfTree(sshd),
      traffic: this.line.traffic,
    };
  }

  /** Sessions end a moment after their client, and only then leave their note. */
  async #quiet(): Promise<void> {
    await until(
      () => this.server.sshd.sessions(),
      (sessions) => sessions.length === 0,
    );
  }

  #sshd(): number {
    const config = join(dirname(this.server.reposDir), 'sshd_config');
    const own = processes().filter(
      ({ command }) => command.includes(config) && command.includes('/usr/sbin/sshd'),
    );
    const listener = own.find(({ parent }) => !own.some(({ pid }) => pid === parent));
    if (listener === undefined) throw new Error('The sshd of this site does not run.');
    return listener.pid;
  }
}
