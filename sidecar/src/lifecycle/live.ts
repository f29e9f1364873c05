import { BorgError } from '../borg/error.ts';
import type { Context } from './context.ts';
import { EXIT, Fatal } from './exit.ts';
import { describeFailure, Refusal } from './failure.ts';
import type { Saver } from './save.ts';
import { backOff } from './waits.ts';

// What comes and goes faster than this waits for the next look.
const MOST_ARCHIVES_AT_ONCE = 3;

/** Saves what changes while the application runs, and once more after SIGTERM. Nothing else ends it. */
export async function liveUntilSigterm(context: Context, saver: Saver): Promise<void> {
  const { settings, termination, world, events } = context;
  const progress = new Progress(context);
  let toldPrestop = false;
  while (!termination.sigterm.aborted) {
    const waitMs = await progress.attempt('save', settings.BACKUP_INTERVAL, () =>
      saveIfChanged(context, saver),
    );
    events.setState('live');
    const wakers = toldPrestop ? [termination.sigterm] : [termination.sigterm, termination.prestop];
    await world.sleep(waitMs ?? settings.BACKUP_INTERVAL, ...wakers);
    toldPrestop = termination.prestop.aborted;
  }
  events.setState('stopping');
  await saveForTheLastTime(context, saver, progress);
}

async function saveForTheLastTime(context: Context, saver: Saver, progress: Progress): Promise<void> {
  const { termination, world } = context;
  while (!termination.deadline.aborted) {
    const waitMs = await progress.attempt('final save', undefined, () => saveIfChanged(context, saver));
    if (waitMs === undefined) {
      return;
    }
    if (progress.lastError instanceof Refusal) {
      // Nothing that a later try would find otherwise.
      break;
    }
    await world.sleep(waitMs, termination.deadline);
  }
  const { reason, message } = describeFailure(progress.lastError ?? termination.deadline.reason);
  throw new Fatal(
    EXIT.failed,
    reason,
    `The final save failed, so the newest changes are lost with this pod. ${message}`,
  );
}

async function saveIfChanged({ termination, repository }: Context, saver: Saver): Promise<void> {
  // An entry that turned out to be unreadable, or readable again, makes one more archive, which says so.
  for (let tries = 1; tries <= MOST_ARCHIVES_AT_ONCE; tries += 1) {
    const fingerprint = await saver.look();
    const final = termination.sigterm.aborted;
    const closing = final || termination.prestop.aborted;
    // What could not be read before gets its last chance at the end.
    const needed = saver.isUnsaved(fingerprint) || (final && saver.lacksEntries);
    if (!needed || (await saver.save(fingerprint, { closing, final }))) {
      return;
    }
  }
  throw new BorgError('raced', repository.where, 'they can be read now and then');
}

/** Counts failures in a row, says them, and chooses when to try again. */
class Progress {
  readonly #context: Context;
  #failures = 0;
  lastError: unknown;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Tries once.
   *
   * @param personWaitMs how long to wait where a person has to do something
   * @returns how long to wait before the next try, or `undefined` for a success
   */
  async attempt(
    activity: 'save' | 'final save',
    personWaitMs: number | undefined,
    step: () => Promise<void>,
  ): Promise<number | undefined> {
    const { events, world } = this.#context;
    try {
      await step();
      if (this.#failures > 0) {
        events.emit('recovered', {});
      }
      this.#failures = 0;
      this.lastError = undefined;
      return undefined;
    } catch (error) {
      const { deadline } = this.#context.termination;
      // That the time is over says less than what it was lost with.
      this.lastError = error === deadline.reason ? (this.lastError ?? error) : error;
      this.#failures += 1;
      const failure = describeFailure(error);
      const backOffMs = backOff(this.#failures, world.waits, world.random);
      const retryInMs = failure.class === 'person' ? (personWaitMs ?? backOffMs) : backOffMs;
      events.emit('failure', { ...failure, activity, retryInMs });
      return retryInMs;
    }
  }
}
