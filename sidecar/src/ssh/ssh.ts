import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretFile } from '../settings/secret-file.ts';
import { tied } from '../tied.ts';
import { Agent, type AgentEnvironment } from './agent.ts';
import { CredentialError } from './error.ts';
import { type HostKeyCheck, prepareKnownHosts } from './known-hosts.ts';
import { passwdVariables } from './passwd.ts';

/** Where the credentials are and how strictly the server is checked. */
export interface SshOptions {
  readonly secretDirectory: string;
  /** A directory of our own for the agent's socket and ssh's files. */
  readonly directory: string;
  readonly checking: 'accept-new' | 'strict';
  readonly path: string;
}

/** One connection, before it is made. */
export interface Connection {
  /** The value of `BORG_RSH`. */
  readonly command: string;
  /** Where ssh writes what it has to say. Borg loses its words now and then, the more so where the link breaks. */
  readonly log: string;
}

/** The way to the server: the identity, the known host keys, and the command that Borg connects with. */
export class Ssh {
  readonly #options: SshOptions;
  readonly #key: SecretFile;
  readonly #knownHosts: SecretFile;
  #agent: { agent: Agent; key: string } | undefined;
  #agents = 0;
  #connections = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SshOptions) {
    this.#options = options;
    this.#key = new SecretFile(join(options.secretDirectory, 'ssh-privatekey'));
    this.#knownHosts = new SecretFile(join(options.secretDirectory, 'known_hosts'));
  }

  /** Reads the Secret while this may still be root. */
  async readSecret(): Promise<void> {
    try {
      await Promise.all([this.#key.read(), this.#knownHosts.read()]);
    } catch (error) {
      throw new CredentialError(
        `The Secret in ${this.#options.secretDirectory} can't be read (${(error as Error).message}): set its defaultMode to 0440 and an fsGroup, or run as its owner.`,
      );
    }
  }

  /** Whether somebody has said which host key is right. */
  async hasKnownHosts(): Promise<boolean> {
    return (await this.#knownHosts.read()) !== undefined;
  }

  /** The next connection, with what the Secret holds now. One at a time: two would start two agents. */
  connection(): Promise<Connection> {
    const next = this.#turn.then(() => this.#connect());
    this.#turn = next.catch(() => {});
    return next;
  }

  async #connect(): Promise<Connection> {
    const { directory, checking } = this.#options;
    await this.readSecret();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const check = await prepareKnownHosts(this.#knownHosts, checking, directory);
    const variables = await passwdVariables(directory, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    const agent = await this.#currentAgent({ PATH: this.#options.path, ...variables });
    this.#connections += 1;
    const log = join(directory, `log-${this.#connections}`);
    // A container that was killed may have left one, and ssh appends.
    await rm(log, { force: true });
    return { command: connectCommand({ socket: agent.socket, log, check, variables }), log };
  }

  /** Ends the agent. */
  close(): void {
    this.#agent?.agent.stop();
  }

  async #currentAgent(environment: AgentEnvironment): Promise<Agent> {
    const key = await this.#key.read();
    if (key === undefined) {
      throw new CredentialError(
        `There is no private key ${this.#key.path}: mount the Secret that holds ssh-privatekey.`,
      );
    }
    if (this.#agent?.key === key && this.#agent.agent.running) {
      return this.#agent.agent;
    }
    // The new key is tried before the old one is given up.
    this.#agents += 1;
    const socket = join(this.#options.directory, `agent-${this.#agents}`);
    const agent = await Agent.start(key, this.#key.path, socket, environment);
    this.#agent?.agent.stop();
    this.#agent = { agent, key };
    return agent;
  }
}

/** The command line for `BORG_RSH`, which Borg splits as a shell would. */
export function connectCommand(parts: {
  readonly socket: string;
  readonly log: string;
  readonly check: HostKeyCheck;
  readonly variables: Readonly<Record<string, string>>;
}): string {
  const { socket, log, check, variables } = parts;
  const options = {
    BatchMode: 'yes',
    IdentityAgent: quoted(socket),
    // Only the agent's key is offered.
    IdentityFile: 'none',
    PreferredAuthentications: 'publickey',
    StrictHostKeyChecking: check.mode,
    UserKnownHostsFile: quoted(check.file),
    GlobalKnownHostsFile: '/dev/null',
    ConnectTimeout: '15',
    ServerAliveInterval: '10',
    ServerAliveCountMax: '3',
    ControlMaster: 'no',
    LogLevel: 'ERROR',
  };
  const preload = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const words = [
    // On a stalled link ssh would outlive a borg that was killed. Borg needs the command that prints the passphrase, and
    // hands it on.
    ...tied('env', '-u', 'BORG_PASSCOMMAND', ...preload, 'ssh').flat(),
    ...['-F', 'none', '-E', log],
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ];
  return words.map(shellWord).join(' ');
}

// ssh reads blanks and quotes in the values of some options itself.
function quoted(path: string): string {
  return /[\s"'\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, '\\$&')}"` : path;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
