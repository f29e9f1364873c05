import type { Context } from './context.ts';
import { Fatal } from './exit.ts';
import { describeFailure, toFatal } from './failure.ts';
import { backOff } from './waits.ts';

// A restore that ends alike this often is not cut off by chance.
const MOST_ALIKE = 3;

/**
 * Repeats a step of the start until it is done. What may pass is waited out, for ever; what a person must correct, and
 * a bug, end the program; so does SIGTERM, whose reason is thrown as it is.
 */
export async function untilDone<T>(context: Context, step: () => Promise<T>): Promise<T> {
  const { events, termination, world } = context;
  let last = '';
  let alike = 0;
  for (let failures = 1; ; failures += 1) {
    try {
      return await step();
    } catch (error) {
      termination.sigterm.throwIfAborted();
      if (error instanceof Fatal) {
        throw error;
      }
      const failure = describeFailure(error);
      alike = failure.reason === 'incomplete' && failure.message === last ? alike + 1 : 1;
      last = failure.message;
      if (failure.class !== 'transient' || alike >= MOST_ALIKE) {
        throw toFatal(error);
      }
      const retryInMs = backOff(failures, world.waits, world.random);
      events.emit('failure', { ...failure, activity: 'start', retryInMs });
      events.setState('waiting');
      await world.sleep(retryInMs, termination.sigterm);
      termination.sigterm.throwIfAborted();
    }
  }
}
