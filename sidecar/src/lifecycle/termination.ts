import { existsSync } from 'node:fs';
import { Refusal } from '../lineage/refusal.ts';
import type { Milliseconds } from '../settings/kinds.ts';
import type { Waits } from './waits.ts';

/** What the termination of a pod is told by, and when. */
export interface TerminationOptions {
  readonly stoppingFile: string;
  readonly finalBackupTimeout: Milliseconds;
  readonly waits: Waits;
  now(): number;
}

const TIME_OVER = new Refusal('deadline', 'The time for the last save, FINAL_BACKUP_TIMEOUT, is over.');

/** The end of the pod as it comes: prestop, SIGTERM, and the moment when the last save must be over. */
export class Termination {
  readonly #prestop = new AbortController();
  readonly #sigterm = new AbortController();
  readonly #deadline = new AbortController();
  readonly #options: TerminationOptions;
  readonly #poll: NodeJS.Timeout;
  #prestopAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TerminationOptions) {
    this.#options = options;
    this.#poll = setInterval(
      () => existsSync(options.stoppingFile) && this.tellPrestop(),
      options.waits.prestopPoll,
    );
  }

  get prestop(): AbortSignal {
    return this.#prestop.signal;
  }

  get sigterm(): AbortSignal {
    return this.#sigterm.signal;
  }

  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  /** The termination has begun; the application still runs. */
  tellPrestop(): void {
    clearInterval(this.#poll);
    this.#prestopAt ??= this.#options.now();
    this.#prestop.abort();
  }

  /** The application has ended, or only this container is told to end. A second call changes nothing. */
  tellSigterm(): void {
    if (this.#sigterm.signal.aborted) {
      return;
    }
    const { finalBackupTimeout, waits, now } = this.#options;
    const left = (this.#prestopAt ?? now()) + finalBackupTimeout - now();
    this.#timer = setTimeout(() => this.#deadline.abort(TIME_OVER), Math.max(left, waits.leastAfterSigterm));
    this.#sigterm.abort();
  }

  /** Ends the timers. */
  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
  }
}
