import { renameSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type LocalBorgOptions, type LocalBorgResult, runLocalBorg } from './local-borg.ts';
import { borgClient, executable } from './paths.ts';
import { freePort } from './port.ts';
import { type SecretAccess, writeSecret } from './secret.ts';
import { type KeyPair, makeKeyPair } from './ssh-key.ts';
import { Sshd } from './sshd.ts';
import { sshdConfig } from './sshd-config.ts';
import { TemporaryDirectory } from './temporary.ts';

export type BorgServerOptions = {
  /** The Borg that serves; the client's version by default. */
  borg?: string;
  /** Lines for sshd_config; they win over this class's own. */
  sshdOptions?: readonly string[];
  /** What the client's key may run, e.g. `borg serve --restrict-to-path …`. */
  forcedCommand?: (reposDir: string) => string;
  maxStartups?: string;
};

export type SetOptions = { set: string } & LocalBorgOptions;
export type InitOptions = { encryption?: string; passphrase?: string };
export type Archive = { name: string; id: string; comment: string; start: string; end: string };

/** A real sshd on loopback with Borg behind it, as an administrator would run one. */
export class BorgServer {
  readonly host = '127.0.0.1';
  readonly user = userInfo().username;
  readonly port: number;
  /** Where the repositories lie: one directory a set. */
  readonly reposDir: string;
  readonly sshd: Sshd;
  readonly #directory: TemporaryDirectory;
  readonly #borg: string;
  readonly #authorized = new Map<string, string>();
  #hostKey: KeyPair;
  #clientKey: KeyPair;

  static async start(options: BorgServerOptions = {}): Promise<BorgServer> {
    const directory = await TemporaryDirectory.make('borg-server');
    try {
      const { path } = directory;
      for (const name of ['bin', 'repos', 'scratch']) await mkdir(join(path, name));
      const [hostKey, clientKey] = await Promise.all([
        makeKeyPair(path, 'host'),
        makeKeyPair(path, 'client'),
      ]);
      const server = new BorgServer(directory, await freePort(), { hostKey, clientKey });
      const forced = options.forcedCommand?.(server.reposDir);
      await server.authorize(clientKey.publicKey, forced && `restrict,command="${forced}"`);
      await server.#configure(options);
      await server.start();
      return server;
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    directory: TemporaryDirectory,
    port: number,
    keys: { hostKey: KeyPair; clientKey: KeyPair },
  ) {
    this.#directory = directory;
    this.port = port;
    this.#hostKey = keys.hostKey;
    this.#clientKey = keys.clientKey;
    this.reposDir = join(directory.path, 'repos');
    this.#borg = executable(borgClient);
    this.sshd = new Sshd(join(directory.path, 'sshd_config'));
  }

  get repoBase(): string {
    return this.repoBaseAt(this.port);
  }
  /** The same repositories through another port: a link's. */
  repoBaseAt(port: number): string {
    return `ssh://${this.user}@${this.host}:${port}${this.reposDir}`;
  }

  get privateKey(): string {
    return this.#clientKey.privateKey;
  }

  get publicKey(): string {
    return this.#clientKey.publicKey;
  }

  get knownHosts(): string {
    return this.knownHostsAt(this.port);
  }
  knownHostsAt(port: number): string {
    return `[${this.host}]:${port} ${this.#hostKey.publicKey}\n`;
  }

  /** Writes what a pod mounts at /ssh-key; again after a rotation, as the kubelet would. */
  async secret(directory: string, { port = this.port, ...access }: { port?: number } & SecretAccess = {}) {
    const files = {
      'ssh-privatekey': this.privateKey,
      'ssh-publickey': `${this.publicKey}\n`,
      known_hosts: this.knownHostsAt(port),
    };
    await writeSecret(directory, files, access);
  }

  /** Lets a key in, with other options than before if it already was. No restart: sshd reads the file each time. */
  async authorize(publicKey: string, options = ''): Promise<void> {
    this.#authorized.set(publicKey, options);
    this.#writeAuthorizedKeys();
  }

  async revoke(publicKey: string): Promise<void> {
    this.#authorized.delete(publicKey);
    this.#writeAuthorizedKeys();
  }

  async rotateHostKey(): Promise<void> {
    this.#hostKey = await makeKeyPair(this.#directory.path, 'host');
    await this.sshd.reload();
  }

  /** A new client key with the old one's rights, which is let in no more. */
  async rotateClientKey(): Promise<void> {
    const old = this.publicKey;
    this.#clientKey = await makeKeyPair(this.#directory.path, 'client');
    await this.authorize(this.publicKey, this.#authorized.get(old));
    await this.revoke(old);
  }

  async start(): Promise<void> {
    await this.sshd.start();
  }

  async stop(): Promise<void> {
    await this.sshd.stop();
  }

  repository(set: string): string {
    return join(this.reposDir, set);
  }

  async init(set: string, { encryption, passphrase }: InitOptions = {}): Promise<void> {
    const mode = encryption ?? (passphrase === undefined ? 'none' : 'repokey-blake2');
    await this.borg(['init', '--encryption', mode], { set, passphrase });
  }

  /** Runs Borg on the server's disk; `::archive` or nothing stands for the set's repository. */
  async borg(args: readonly string[], { set, ...options }: SetOptions): Promise<LocalBorgResult> {
    const scratch = join(this.#directory.path, 'scratch');
    return await runLocalBorg({ borg: this.#borg, repository: this.repository(set), scratch }, args, options);
  }

  /** As `borg`, with `--json` and the answer parsed. */
  async json<T>([command = '', ...args]: readonly string[], options: SetOptions): Promise<T> {
    return JSON.parse((await this.borg([command, '--json', ...args], options)).stdout) as T;
  }

  /** All archives in the order of the manifest. */
  async archives(set: string, passphrase?: string): Promise<Archive[]> {
    const args = ['list', '--format', '{name}{id}{comment}{start}{end}'];
    return (await this.json<{ archives: Archive[] }>(args, { set, passphrase })).archives;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #configure({ borg, sshdOptions = [], maxStartups = '100' }: BorgServerOptions): Promise<void> {
    const at = (name: string) => join(this.#directory.path, name);
    await writeFile(at('bin/borg'), `#!/bin/sh\nexec "${executable(borg ?? borgClient)}" "$@"\n`);
    await chmod(at('bin/borg'), 0o755);
    const environment = {
      PATH: `${at('bin')}:/usr/bin:/bin`,
      BORG_BASE_DIR: at('serve'),
      BORG_SELFTEST: 'disabled',
      // From the second level on, bash reads no ~/.bashrc for a command that comes over ssh.
      SHLVL: '2',
    };
    const config = await sshdConfig({
      port: this.port,
      hostKey: at('host'),
      authorizedKeys: at('authorized_keys'),
      environment,
      maxStartups,
      extra: sshdOptions,
    });
    await writeFile(at('sshd_config'), config);
  }

  /** In one step: sshd may be reading the file for another test, and two writers must not overtake each other. */
  #writeAuthorizedKeys(): void {
    const lines = [...this.#authorized].map(([key, options]) => `${options} ${key}`.trim());
    const path = join(this.#directory.path, 'authorized_keys');
    writeFileSync(`${path}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
