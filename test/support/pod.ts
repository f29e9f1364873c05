import { writeFile } from 'node:fs/promises';
import type { BorgServer } from './borg-server.ts';
import { Container, type ContainerExit } from './container.ts';
import type { Confinement } from './container-command.ts';
import type { Limit } from './limit.ts';
import type { Link } from './link.ts';
import { processesUsing, type Use, untilNoneUses } from './orphans.ts';
import { executable, node, sidecarEntry } from './paths.ts';
import { type Owner, PodDirectories } from './pod-directories.ts';
import { type LogLine, type LogMatch, PodLog } from './pod-log.ts';
import { signal } from './processes.ts';
import { TemporaryDirectory } from './temporary.ts';

/** A value of undefined takes a default away. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type PodConfinement = { readOnlyRoot?: boolean } & Omit<Confinement, 'writableOnly'>;

/** A container of the pod, before it starts: the program's arguments, and what differs from its defaults. */
export type Launch = {
  entry?: string;
  args?: readonly string[];
  env: Environment;
} & PodConfinement;

/** What a pod knows of its server: the address, and the Secret. */
export type PodServer = Pick<BorgServer, 'port' | 'repoBaseAt' | 'secret'>;

export type PodOptions = {
  set: string;
  server: PodServer;
  /** Goes to the server through this link. */
  link?: Link;
  name?: string;
  env?: Environment;
  /** The program, and its arguments; the sidecar's source by default. */
  entry?: string;
  args?: readonly string[];
  /** The pod's `fsGroup`: volumes belong to root and this group, which may write them. */
  fsGroup?: number;
} & PodConfinement;

export type Terminated = ContainerExit & { lines: readonly LogLine[] };

/** The sidecar as in a pod: volume, Secret, state and settings, with one container after another. */
export class Pod extends PodDirectories {
  readonly name: string;
  readonly #directory: TemporaryDirectory;
  readonly #options: PodOptions;
  #container: Container | undefined;

  /** A pod whose container does not run yet. */
  static async create(options: PodOptions): Promise<Pod> {
    return await Pod.prepared(new Pod(await TemporaryDirectory.make('pod'), options));
  }

  /** The pod with its mounts. */
  protected static async prepared<P extends Pod>(pod: P): Promise<P> {
    try {
      await pod.newVolume();
      await pod.renewSecret();
      return pod;
    } catch (error) {
      await pod[Symbol.asyncDispose]();
      throw error;
    }
  }

  protected constructor(directory: TemporaryDirectory, options: PodOptions) {
    super(directory.path);
    this.#directory = directory;
    this.#options = options;
    this.name = options.name ?? `${options.set}-0`;
  }

  /** Starts the container, a first time or again: volume, state and /tmp are as the last one left them. */
  async start(env: Environment = {}, confinement: PodConfinement = {}): Promise<void> {
    if (this.#container?.running) throw new Error('The container runs already.');
    const { env: own, ...rest } = { ...this.#options, ...confinement };
    await this.renewTerminationLog(this.#owner);
    this.#container = await this.launch({ ...rest, env: { ...this.#identity(), ...own, ...env } });
  }

  /** The program, from its source. */
  protected async launch({ entry = sidecarEntry, args = [], env, ...rest }: Launch): Promise<Container> {
    return await Container.start({
      ...rest,
      ...(rest.readOnlyRoot ? { writableOnly: this.writable } : {}),
      command: [executable(node), entry, ...args],
      cwd: this.dir,
      env: defined({ ...this.environment, ...env }),
    });
  }

  get log(): PodLog {
    return this.#container?.log ?? new PodLog();
  }

  get lines(): readonly LogLine[] {
    return this.log.lines;
  }

  get exit(): Promise<ContainerExit> {
    return this.container.exit;
  }

  get pid(): number {
    return this.container.pid;
  }
  get container(): Container {
    if (!this.#container) throw new Error('The pod has no container yet: call start().');
    return this.#container;
  }

  seen(event: string, match?: LogMatch): LogLine[] {
    return this.log.seen(event, match);
  }

  /** The container's first such line, be it there already or still to come. */
  async event(event: string, match?: LogMatch, limit?: Limit): Promise<LogLine> {
    return await this.container.log.event(event, match, limit);
  }

  /** The first such line from now on. */
  async next(event: string, match?: LogMatch, limit?: Limit): Promise<LogLine> {
    return await this.container.log.next(event, match, limit);
  }

  /** The preStop hook: the pod's termination has begun. */
  async prestop(): Promise<void> {
    await writeFile(this.stoppingFile, '');
  }

  async terminate(limit?: Limit): Promise<Terminated> {
    const exit = await this.container.terminate(limit);
    return { ...exit, lines: this.lines };
  }

  /** The container's end without notice: power, memory, node. */
  async kill(): Promise<Terminated> {
    const exit = await this.container.kill();
    await this.#sweep();
    return { ...exit, lines: this.lines };
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    return await this.#fetch('httpPort', path);
  }

  async status<T = Record<string, unknown>>(): Promise<T> {
    const { status, text } = await this.#fetch('statusPort', '/api/status');
    if (status !== 200) throw new Error(`/api/status answers ${status}: ${text}`);
    return JSON.parse(text) as T;
  }

  memory(): { rss: number; anonymous: number } {
    return this.container.memory();
  }

  /** Whatever runs and knows of this pod; after a container's end there must be none. */
  processes(): Use[] {
    return processesUsing(this.dir);
  }

  /** Throws the volume away, with state and /tmp: what follows is another pod. */
  async newVolume(): Promise<void> {
    if (this.#container?.running)
      throw new Error('The container still runs: terminate() or kill() it first.');
    await this.empty(this.#owner);
  }

  /** Mounts the server's keys as they are now; for another user readable by its group, as with `fsGroup`. */
  async renewSecret(): Promise<void> {
    const { server, link, uid } = this.#options;
    const access = uid === undefined ? {} : { mode: 0o440, gid: this.#owner.gid };
    await server.secret(this.sshKeyDir, { ...access, port: link?.port ?? server.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#container?.running) await this.#container.kill();
    await this.#sweep();
    await this.#directory[Symbol.asyncDispose]();
  }

  get #owner(): Owner {
    const { fsGroup } = this.#options;
    if (fsGroup !== undefined) return { uid: 0, gid: fsGroup, mode: 0o2777 };
    const { uid = process.getuid?.() ?? 0, gid = this.#options.uid ?? process.getgid?.() ?? 0 } =
      this.#options;
    return { uid, gid };
  }

  #identity(): Record<string, string> {
    const { server, link, set } = this.#options;
    return {
      HOSTNAME: this.name,
      ARCHIVE_NAME: set,
      REPO_BASE: server.repoBaseAt(link?.port ?? server.port),
    };
  }

  async #fetch(port: 'httpPort' | 'statusPort', path: string): Promise<{ status: number; text: string }> {
    const listening = await this.event('server.listening');
    // No connection outlives its answer: a test that ends must not wait for an idle one.
    const response = await fetch(`http://127.0.0.1:${listening[port]}${path}`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Whatever escaped from a container that is gone, so that it outlives no test. */
  async #sweep(): Promise<void> {
    for (const { pid } of this.processes()) signal(pid, 'SIGKILL');
    await untilNoneUses(this.dir);
  }
}

/** The environment as a process gets it. */
export function defined(env: Environment): Record<string, string> {
  const pairs = Object.entries(env);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
