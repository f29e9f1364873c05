import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { execa, type ResultPromise } from 'execa';
import { tied } from '../tied.ts';
import { CredentialError } from './error.ts';

/** What `ssh-agent` and `ssh-add` run with. */
export type AgentEnvironment = Readonly<Record<string, string>>;

type AgentProcess = Pick<ResultPromise, 'kill'> & Promise<unknown>;

/**
 * An `ssh-agent` with one key. The key is fed through standard input and never lies in a file of ours, so that the
 * owner and mode of the Secret, which ssh is strict about, don't matter.
 */
export class Agent {
  readonly socket: string;
  readonly #process: AgentProcess;
  #running = true;

  private constructor(socket: string, process: AgentProcess) {
    this.socket = socket;
    this.#process = process;
    void process.then(() => {
      this.#running = false;
    });
  }

  /** Starts an agent with a private key. `keyPath` is named in errors. */
  static async start(
    key: string,
    keyPath: string,
    socket: string,
    environment: AgentEnvironment,
  ): Promise<Agent> {
    await rm(socket, { force: true });
    const child = execa(...tied('ssh-agent', '-D', '-a', socket), {
      reject: false,
      extendEnv: false,
      env: environment,
      stdin: 'ignore',
    });
    const listening = once(child.stdout, 'data');
    const first = await Promise.race([listening.then(() => undefined), child]);
    if (first !== undefined) {
      throw new CredentialError(
        `ssh-agent did not start with the socket ${socket} (${first.stderr || first.shortMessage}): make STATE_DIR writable and its path shorter than 80 characters.`,
      );
    }
    const agent = new Agent(socket, child);
    const added = await execa('ssh-add', ['-q', '-'], {
      input: normalizeKey(key),
      // It would ask for a passphrase on a terminal, which a pod may have, and wait for ever.
      detached: true,
      reject: false,
      extendEnv: false,
      env: { ...environment, SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: 'never' },
    });
    if (added.exitCode !== 0) {
      agent.stop();
      throw new CredentialError(
        `The private key ${keyPath} can't be used (${lastLine(added.stderr)}): it must be a whole OpenSSH private key without a passphrase.`,
      );
    }
    return agent;
  }

  get running(): boolean {
    return this.#running;
  }

  stop(): void {
    this.#process.kill();
  }
}

/** The key as ssh wants it: copying through a web form or a Secret often adds CRs and loses the last line's end. */
export function normalizeKey(key: string): string {
  return `${key.replaceAll('\r\n', '\n').trim()}\n`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
