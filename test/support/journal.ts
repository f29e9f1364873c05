import { type Limit, within } from './limit.ts';

export type Wait<T> = {
  match: (entry: T) => boolean;
  /** For the message of a wait that fails. */
  what: string;
  limit?: Limit;
  /** Where to begin; 0 counts everything already there. */
  from?: number;
};

/** What somebody wrote, entry by entry, and waits for what they have yet to write. */
export class Journal<T> {
  readonly entries: T[] = [];
  readonly #show: (entry: T) => string;
  readonly #waiting = new Set<{
    wait: Wait<T>;
    resolve: (entry: T) => void;
    reject: (reason: Error) => void;
  }>();
  readonly #listeners = new Set<(entry: T) => void>();
  #ended: string | undefined;

  constructor(show: (entry: T) => string) {
    this.#show = show;
  }

  /** Calls for each entry, those that are there already first. */
  follow(listener: (entry: T) => void): void {
    for (const entry of this.entries) listener(entry);
    this.#listeners.add(listener);
  }

  push(entry: T): void {
    this.entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
    for (const waiter of this.#waiting) {
      if (waiter.wait.match(entry)) waiter.resolve(entry);
    }
  }

  /** Nothing more will come: whoever still waits is told why. */
  end(reason: string): void {
    this.#ended ??= reason;
    for (const { wait, reject } of this.#waiting) reject(new Error(this.#failure(wait, reason)));
  }

  async find(wait: Wait<T>): Promise<T> {
    const limit = wait.limit ?? '60s';
    const seen = this.entries.slice(wait.from ?? 0).find(wait.match);
    if (seen !== undefined) return seen;
    if (this.#ended !== undefined) throw new Error(this.#failure(wait, this.#ended));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter = { wait, resolve, reject };
    this.#waiting.add(waiter);
    try {
      return await within(promise, limit, () => this.#failure(wait, 'still running'));
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  tail(count = 25): string {
    return this.entries.slice(-count).map(this.#show).join('\n');
  }

  #failure(wait: Wait<T>, reason: string): string {
    return `${wait.what} (${reason}). Last lines:\n${this.tail()}`;
  }
}
