import { MOST_LACKING } from '../lineage/comment.ts';
import { Refusal } from '../lineage/refusal.ts';
import type { Events, State } from './events.ts';

const SAVING: readonly State[] = ['live', 'saving', 'stopping'];

/** What a person accepts: that an archive holds much less than the one before, or lacks entries. */
export class Acceptance {
  readonly #events: Events;
  #unreadable = 0;
  #answer: PromiseWithResolvers<string> | undefined;
  #call = new AbortController();

  constructor(events: Events) {
    this.#events = events;
    events.on('looked', ({ unreadable }) => {
      this.#unreadable = unreadable.length;
    });
    events.on('accepted', ({ archive }) => {
      this.#answer?.resolve(
        archive
          ? `Accepted: ${archive} says so, and archives are deleted again by PRUNE_FLAGS.`
          : 'There is nothing to accept: no archive is guarded.',
      );
      this.#answer = undefined;
    });
    events.on('accept.refused', () => this.#refuse(refuseWithoutClaim()));
    events.on('state', ({ to }) => {
      if (!SAVING.includes(to)) {
        this.#refuse(refuseIn(to));
      }
    });
  }

  /** Whether somebody waits for it. */
  get asked(): boolean {
    return this.#answer !== undefined;
  }

  /** Resolves, with a sentence, once an archive says so. Rejects with a `Refusal` where that can't be. */
  async ask(): Promise<string> {
    const { state } = this.#events;
    if (!SAVING.includes(state)) {
      throw refuseIn(state);
    }
    // What an archive does not name can't be told apart from what is lacking later.
    if (this.#unreadable > MOST_LACKING) {
      throw new Refusal(
        'too-many-unreadable',
        `${this.#unreadable} entries can't be read, and at most ${MOST_LACKING} can be accepted: correct their owner or mode, or leave them out with EXCLUDE.`,
      );
    }
    this.#answer ??= Promise.withResolvers();
    this.#call.abort();
    return await this.#answer.promise;
  }

  /** Aborted by whoever asks, so that a wait ends at once. */
  get call(): AbortSignal {
    return this.#call.signal;
  }

  /** One wait has ended for it. The next goes on: it stays asked where a save fails, which has to be waited out. */
  heard(): void {
    if (this.#call.signal.aborted) {
      this.#call = new AbortController();
    }
  }

  #refuse(reason: Refusal): void {
    this.#answer?.reject(reason);
    this.#answer = undefined;
  }
}

function refuseWithoutClaim(): Refusal {
  return new Refusal(
    'not-live',
    'The sidecar has no place in the order yet, as the repository was locked or full when it started, and only one that saves into the order can accept: try again once it is live.',
  );
}

function refuseIn(state: State): Refusal {
  return new Refusal(
    'not-live',
    `The sidecar is ${state}, and only one that saves into the order can accept: ${state === 'fenced' ? 'run it in the pod that has taken over' : 'try again once it is live'}.`,
  );
}
