import type { Limit } from '../test/support/limit.ts';
import type { Pod } from '../test/support/pod.ts';
import type { LogLine } from '../test/support/pod-log.ts';

/** Saves what has changed as soon as it is seen; a look each second. */
export const AT_ONCE = { BACKUP_INTERVAL: '1s' };

/** A save from its first line to its last, which follows the list that confirms it. */
export async function nextSave(pod: Pod, limit: Limit = '10m'): Promise<{ seconds: number; done: LogLine }> {
  await pod.next('save.started', undefined, limit);
  const began = performance.now();
  const done = await pod.next('save.done', undefined, limit);
  return { seconds: (performance.now() - began) / 1_000, done };
}

/** Lets a halted program look, and halts it again once what it found is saved. */
export async function saveHalted(pod: Pod): Promise<{ seconds: number; done: LogLine }> {
  const saved = nextSave(pod);
  resume(pod);
  const found = await saved;
  halt(pod);
  return found;
}

/** Makes the program of a running pod stand still while others work: it must not look meanwhile. */
export function halt(pod: Pod): void {
  pod.container.signal('SIGSTOP');
}

export function resume(pod: Pod): void {
  pod.container.signal('SIGCONT');
}
