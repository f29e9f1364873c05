import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { tied } from '../tied.ts';
import { ServerError } from './error.ts';
import { sessions } from './sessions.ts';

// It starts itself anew for each connection, and wants to be called by its whole path.
export const SSHD = '/usr/sbin/sshd';

/** How long `borg serve` gets to roll back, in milliseconds. */
const ROLLBACK = 3_000;
const LOOK = 50;

/** What sshd runs with. */
export interface SshdStart {
  readonly config: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What its sessions have as `BORG_HOST_ID`. */
  readonly hostId: string;
  /** Gets each line that it writes. */
  readonly onLine: (line: string) => void;
}

/** OpenSSH's server. The kernel ends it with this program; its connections end with the container. */
export class Sshd {
  /** Settles when it no longer listens, with how it ended. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #hostId: string;
  #connected = true;

  /** Resolves when it listens. */
  static async start({ config, environment, hostId, onLine }: SshdStart): Promise<Sshd> {
    const [file, args] = tied(SSHD, '-D', '-e', '-f', config);
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment });
    const sshd = new Sshd(child, hostId);
    const lines: string[] = [];
    const { promise: listening, resolve } = Promise.withResolvers<undefined>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      lines.splice(0, lines.length - 5);
      if (line.startsWith('Server listening on ')) {
        resolve(undefined);
      }
      onLine(line);
    });
    const end = await Promise.race([listening, sshd.ended]);
    if (end !== undefined) {
      // What it had to say may still be on its way.
      await sshd.#idle(AbortSignal.timeout(ROLLBACK));
      throw new ServerError(
        `sshd did not start, it ${end} (${lines.join(' ')}): correct what it says; the port must be free, and openssh-server and libnss-wrapper installed.`,
      );
    }
    return sshd;
  }

  private constructor(child: ChildProcess, hostId: string) {
    this.#process = child;
    this.#hostId = hostId;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(`can't be run: ${error.message}`));
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? code}`));
    });
    // Each connection's process has its output, which is closed when the last one ends.
    child.once('close', () => {
      this.#connected = false;
    });
  }

  /**
   * Listens no more and waits for the sessions to end; those that have not after `grace` ms are ended, and roll back.
   * Returns how many those were.
   */
  async stop(grace: number): Promise<number> {
    this.#process.kill('SIGTERM');
    await this.ended;
    await this.#idle(AbortSignal.timeout(grace));
    const late = this.#signalSessions('SIGTERM');
    await this.#idle(AbortSignal.timeout(ROLLBACK));
    this.#signalSessions('SIGKILL');
    return late;
  }

  /** Waits until neither a connection nor a `borg serve` is left. */
  async #idle(limit: AbortSignal): Promise<void> {
    while (!limit.aborted && (this.#connected || sessions(this.#hostId).length > 0)) {
      await setTimeout(LOOK);
    }
  }

  #signalSessions(name: NodeJS.Signals): number {
    const pids = sessions(this.#hostId);
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended meanwhile.
      }
    }
    return pids.length;
  }
}
