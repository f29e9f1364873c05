import { chown, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { Container, type ContainerExit } from './container.ts';
import { processesUsing, untilNoneUses } from './orphans.ts';
import { borgClient, compileCache, executable, node, sidecarEntry } from './paths.ts';
import type { PodServer } from './pod.ts';
import { freePort } from './port.ts';
import { signal } from './processes.ts';
import { type SecretAccess, writeSecret } from './secret.ts';
import { type KeyPair, makeKeyPair } from './ssh-key.ts';
import { TemporaryDirectory } from './temporary.ts';

/** No /etc/passwd has it. */
export const SERVER_USER = 100_123;

const isRoot = process.getuid?.() === 0;

export type ServeStart = {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Without a process namespace of its own, and as the tests' own user where `uid` is 0. */
  bare?: boolean;
  uid?: number;
  port?: number;
};

export type Client = { set: string; of?: string; port?: number };

/**
 * A volume and a directory of public keys, and `borg-volume-sync serve` as a pod runs it: as a user that nobody knows,
 * under a read-only root, without a capability, in a process namespace of its own.
 */
export class ServedVolume implements AsyncDisposable {
  readonly dir: string;
  readonly reposDir: string;
  readonly keysDir: string;
  readonly stateDir: string;
  readonly port: number;
  readonly #directory: TemporaryDirectory;
  readonly #pairs = new Map<string, KeyPair>();
  readonly #containers: Container[] = [];

  static async make(sets: readonly string[] = []): Promise<ServedVolume> {
    const volume = new ServedVolume(await TemporaryDirectory.make('served'), await freePort());
    for (const name of [volume.reposDir, volume.keysDir, volume.stateDir, join(volume.dir, 'client')]) {
      await mkdir(name);
    }
    for (const path of [volume.reposDir, volume.stateDir]) await volume.give(path);
    // A file system of its own has one, which nobody but root may read.
    await mkdir(join(volume.reposDir, 'lost+found'), { mode: 0o700 });
    await volume.mount(await volume.publicKeys(sets));
    return volume;
  }

  private constructor(directory: TemporaryDirectory, port: number) {
    this.#directory = directory;
    this.dir = directory.path;
    this.port = port;
    this.reposDir = join(this.dir, 'repos');
    this.keysDir = join(this.dir, 'keys');
    this.stateDir = join(this.dir, 'state');
  }

  /** Makes a path the server's user's. */
  async give(path: string): Promise<void> {
    if (isRoot) await chown(path, SERVER_USER, SERVER_USER);
  }

  /** The files for `mount`: a key for each set, made the first time. */
  async publicKeys(sets: readonly string[]): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for (const set of sets) files[`${set}.pub`] = `${(await this.pair(set)).publicKey} of ${set}\n`;
    return files;
  }

  /** Mounts these key files, as the kubelet does, in place of those before. */
  async mount(files: Readonly<Record<string, string>>): Promise<void> {
    await writeSecret(this.keysDir, files, { mode: 0o444 });
  }

  async pair(set: string): Promise<KeyPair> {
    const pair = this.#pairs.get(set) ?? (await makeKeyPair(join(this.dir, 'client'), set));
    this.#pairs.set(set, pair);
    return pair;
  }

  /** Starts a container; `listening` waits for it. */
  async start({ args = [], env = {}, bare = false, uid = SERVER_USER, port }: ServeStart = {}) {
    const own = [
      '--repositories',
      this.reposDir,
      '--keys',
      this.keysDir,
      '--port',
      String(port ?? this.port),
    ];
    const confined = bare ? {} : { writableOnly: [this.reposDir, this.stateDir] };
    const container = await Container.start({
      command: [executable(node), sidecarEntry, 'serve', ...own, ...args],
      cwd: this.dir,
      env: {
        PATH: `${dirname(executable(borgClient))}:/usr/bin:/bin`,
        STATE_DIR: this.stateDir,
        TERMINATION_LOG: join(this.dir, 'termination-log'),
        LOG_LEVEL: 'debug',
        NODE_COMPILE_CACHE: compileCache,
        ...env,
      },
      ...(isRoot ? { uid, ...confined } : {}),
    });
    this.#containers.push(container);
    return container;
  }

  async listening(options: ServeStart = {}): Promise<Container> {
    const container = await this.start(options);
    await container.log.event('server.listening');
    return container;
  }

  /** Starts one that gives up, and returns how, with its last sentence. */
  async refuses(options: ServeStart): Promise<ContainerExit & { sentence: string }> {
    const container = await this.start(options);
    const exit = await container.ended();
    return { ...exit, sentence: String(container.log.seen('stopped')[0]?.msg ?? container.log.tail()) };
  }

  repoBaseAt(port: number): string {
    return `ssh://borg@127.0.0.1:${port}${this.reposDir}`;
  }

  repository(set: string): string {
    return join(this.reposDir, set);
  }

  /** What a pod of this set mounts at /ssh-key, with the server's own line for known_hosts. */
  secretOf(set: string): PodServer {
    const { port } = this;
    return {
      port,
      repoBaseAt: (at) => this.repoBaseAt(at),
      secret: async (directory, access = {}) => await this.#secret(directory, set, access),
    };
  }

  /** A borg command over ssh with the key of `set`, on the repository of `of`. Its process, for who wants to feed it. */
  spawn(args: readonly string[], { set, of = set, port = this.port }: Client) {
    return execa(executable(borgClient), ['--lock-wait', '10', ...args], {
      ...LOOSE,
      env: {
        PATH: '/usr/bin:/bin',
        BORG_REPO: `${this.repoBaseAt(port)}/${of}`,
        BORG_RSH: ['ssh', ...this.#sshOptions(set)].join(' '),
        BORG_BASE_DIR: join(this.dir, 'client', `borg-${set}`),
        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
        BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
        BORG_SELFTEST: 'disabled',
        BORG_EXIT_CODES: 'modern',
        LANG: 'C.UTF-8',
      },
    });
  }

  async borg(args: readonly string[], client: Client) {
    const running = this.spawn(args, client);
    running.stdin.end();
    return await running;
  }

  /** Plain ssh with the key of a set. */
  async ssh(set: string, ...args: string[]) {
    const target = ['-p', String(this.port), 'borg@127.0.0.1'];
    return await execa('ssh', [...this.#sshOptions(set), ...target, ...args], { ...LOOSE, stdin: 'ignore' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#containers) if (container.running) await container.kill();
    for (const { pid } of processesUsing(this.dir)) signal(pid, 'SIGKILL');
    await untilNoneUses(this.dir);
    await this.#directory[Symbol.asyncDispose]();
  }

  #sshOptions(set: string): string[] {
    const client = join(this.dir, 'client');
    const options = {
      IdentityFile: join(client, set),
      IdentitiesOnly: 'yes',
      BatchMode: 'yes',
      // The server's own file, so that a changed host key is a failure of every test.
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: join(this.reposDir, '.borg-volume-sync', 'known_hosts'),
      LogLevel: 'ERROR',
    };
    return ['-F', 'none', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  }

  async #secret(directory: string, set: string, access: { port?: number } & SecretAccess): Promise<void> {
    const { port: _, ...rest } = access;
    const known = join(this.reposDir, '.borg-volume-sync', 'known_hosts');
    const files = {
      'ssh-privatekey': (await this.pair(set)).privateKey,
      known_hosts: await readFile(known, 'utf8'),
    };
    await writeSecret(directory, files, rest);
  }
}

const LOOSE = { reject: false, extendEnv: false, stdin: 'pipe', timeout: 120_000 } as const;
