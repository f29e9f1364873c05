import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { type Confinement, confine } from './container-command.ts';
import { type Limit, within } from './limit.ts';
import { PodLog } from './pod-log.ts';
import { descendants, killTree, signal } from './processes.ts';
import { until } from './until.ts';

export type ContainerSpec = {
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
} & Confinement;

export type ContainerExit = { exitCode: number | null; signal: NodeJS.Signals | null };

/** One run of the program: a container from its start to its end. */
export class Container {
  readonly log = new PodLog();
  /** Settles when the program has ended and all it wrote has been read. */
  readonly exit: Promise<ContainerExit>;
  /** What was started: the program itself, or whatever confines it. */
  protected readonly spawned: number;
  readonly #isolated: boolean;
  /** The program's own process id, as this machine sees it. */
  #pid: number | undefined;
  #running = true;
  #killed = false;

  static async start(spec: ContainerSpec): Promise<Container> {
    const command = confine(spec.command, spec);
    return await new Container(command, spec).started();
  }

  /** @param command what is really run, with all that confines the program */
  protected constructor([file = '', ...args]: readonly string[], spec: Pick<ContainerSpec, 'cwd' | 'env'>) {
    this.#isolated = file === 'setpriv' && args.includes('unshare');
    const child = execa(file, args, {
      cwd: spec.cwd,
      env: spec.env,
      extendEnv: false,
      detached: true,
      stdin: 'ignore',
      buffer: false,
      reject: false,
    });
    if (child.pid === undefined) throw new Error(`${file} was not started: is util-linux installed?`);
    this.spawned = child.pid;
    this.log.read('stdout', child.stdout);
    this.log.read('stderr', child.stderr);
    const { promise: gone, resolve: exited } = Promise.withResolvers<ContainerExit>();
    const { promise: closed, resolve: read } = Promise.withResolvers<void>();
    child.nodeChildProcess.once('exit', (exitCode, name) => {
      this.#running = false;
      // unshare can't pass on a SIGKILL: it fails with 1 instead.
      exited(this.#killed ? { exitCode: null, signal: 'SIGKILL' } : { exitCode, signal: name });
    });
    child.nodeChildProcess.once('close', () => read());
    this.exit = this.#ended(gone, closed);
  }

  get pid(): number {
    if (this.#pid === undefined || !this.#running)
      throw new Error(`The program has ended.\n${this.log.tail()}`);
    return this.#pid;
  }

  get running(): boolean {
    return this.#running;
  }

  signal(name: NodeJS.Signals): void {
    signal(this.pid, name);
  }

  /** SIGTERM, as the kubelet sends it. No SIGKILL follows: that would hide a program that doesn't end. */
  async terminate(limit: Limit = '60s'): Promise<ContainerExit> {
    this.signal('SIGTERM');
    return await this.ended(limit);
  }

  async ended(limit: Limit = '60s'): Promise<ContainerExit> {
    return await within(this.exit, limit, () => `the program has not ended. Last lines:\n${this.log.tail()}`);
  }

  /** Ends everything in it at once. Without isolation: everything that still descends from the program. */
  async kill(): Promise<ContainerExit> {
    if (this.#running) {
      this.#killed = true;
      await this.end();
    }
    return await this.ended('10s');
  }

  /** Resident and anonymous memory of the program's own process, in bytes. */
  memory(): { rss: number; anonymous: number } {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024;
    return { rss: bytes('Rss'), anonymous: bytes('Anonymous') };
  }

  /** Resolves with this once the program runs. */
  protected async started(): Promise<this> {
    try {
      this.#pid = await this.find();
      if (this.#pid === undefined) throw new Error(`The container did not start:\n${this.log.tail()}`);
      return this;
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** In its own namespace the program is the one child of `unshare`, which the signals must not go to. */
  protected async find(): Promise<number | undefined> {
    if (!this.#isolated) return this.spawned;
    const child = () => descendants(this.spawned).find(({ parent }) => parent === this.spawned)?.pid;
    return await until(child, (pid) => pid !== undefined || !this.#running, '10s');
  }

  protected async end(): Promise<void> {
    if (this.#isolated && this.#pid !== undefined) signal(this.#pid, 'SIGKILL');
    else await killTree(this.spawned, { self: true });
  }

  async #ended(gone: Promise<ContainerExit>, closed: Promise<void>): Promise<ContainerExit> {
    const exit = await gone;
    // An orphan that inherited the output would keep it open: that is for the test to find, not to wait for.
    await within(closed, '2s', () => 'output closed').catch(() => undefined);
    this.log.end(`ended with ${exit.exitCode ?? exit.signal}`);
    return exit;
  }
}
