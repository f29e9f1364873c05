import type { Rules, Unanswered } from './ports.ts';
import type { Writer } from './writer.ts';

/**
 * Row 10: keeps, also for the next container, since when the lock is held. Resolves with how long that is.
 *
 * @param sinceMs when the command began that waited for the lock in vain
 */
export async function noteLocked(writer: Writer, sinceMs: number): Promise<number> {
  const { host } = writer.parts;
  if (lockedForMs(writer) === undefined) {
    await writer.remember({ lockedSince: { boot: host.boot, atMs: sinceMs } });
  }
  return lockedForMs(writer) ?? 0;
}

/** The lock was free in between. */
export async function noteUnlocked(writer: Writer): Promise<void> {
  if (writer.marker.lockedSince !== undefined) {
    await writer.remember({ lockedSince: undefined });
  }
}

/** For how long the lock has been held without a break, or `undefined` if it was free when last looked at. */
export function lockedForMs({ marker: { lockedSince }, parts: { host } }: Writer): number | undefined {
  const known = lockedSince?.boot === host.boot && lockedSince.atMs <= host.now();
  return known ? host.now() - lockedSince.atMs : undefined;
}

/** A lock may be given up at any moment, and the time for it is not to be overslept: it is not waited for ever longer. */
export function longestWaitMs(
  { kind }: Unanswered,
  lockedMs: number,
  { handoverPollMs, lockTimeoutMs }: Rules,
): number | undefined {
  return kind === 'locked' ? Math.min(handoverPollMs, lockTimeoutMs - lockedMs) : undefined;
}
