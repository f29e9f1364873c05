import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';
import { tied } from '../tied.ts';
import { ServerError } from './error.ts';

const TAKEN = 75;

/** The right to be the one server of a volume. It ends with the program, however that does. */
export interface Instance {
  give(): Promise<void>;
}

/**
 * Takes that right, a lock in `own`, the server's directory in the volume: two servers that call themselves the same
 * would take each other's locks for dead ones. Waits for a server that is ending.
 *
 * @param patience how long, in seconds
 * @param onWait called once, if somebody has it
 */
export async function takeInstance(
  own: string,
  { patience, onWait, signal }: { patience: number; onWait: () => void; signal: AbortSignal },
): Promise<Instance> {
  const first = await take(own, ['--nonblock'], signal);
  if (first !== undefined) {
    return first;
  }
  onWait();
  const second = await take(own, ['--timeout', String(patience)], signal);
  if (second === undefined) {
    throw new ServerError(
      `Another server uses the volume of ${own} and has not ended within ${patience} s: one server a volume; set the Deployment's strategy to Recreate and replicas to 1.`,
    );
  }
  return second;
}

async function take(
  own: string,
  patience: readonly string[],
  signal: AbortSignal,
): Promise<Instance | undefined> {
  const path = join(own, 'server.lock');
  const options = ['--no-fork', '--conflict-exit-code', String(TAKEN), ...patience];
  const holder = execa(...tied('flock', ...options, path, 'sh', '-c', 'echo held; exec cat'), {
    reject: false,
    cancelSignal: signal,
    stdin: 'pipe',
  });
  const held = once(holder.stdout, 'data').then(() => undefined);
  const ended = await Promise.race([held, holder]);
  if (ended === undefined) {
    return {
      async give() {
        holder.kill();
        await holder;
      },
    };
  }
  const { exitCode, stderr, shortMessage } = ended;
  signal.throwIfAborted();
  if (exitCode === TAKEN) {
    return undefined;
  }
  throw new ServerError(`${path} can't be locked (${stderr || shortMessage}): the volume must allow flock.`);
}
