import type { Ending, Rules, Unanswered } from './ports.ts';
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

/**
 * Rows 10 and 15: whether a start goes past what stands against it: a lock that has been held for too long, or a full disk.
 *
 * @param beganMs when the command began
 */
export async function isGivenUp(writer: Writer, { kind }: Unanswered, beganMs: number): Promise<boolean> {
  const { table, rules } = writer.parts;
  if (kind !== 'locked') {
    return kind === 'full';
  }
  return table.isPastLock(await noteLocked(writer, beganMs), rules.lockTimeoutMs);
}

/** Waits out what stands against a start. */
export async function backOff(writer: Writer, answer: Unanswered, seen: Ending): Promise<void> {
  const { host, rules } = writer.parts;
  const atMostMs = longestWaitMs(answer, lockedForMs(writer) ?? 0, rules);
  await host.backOff('start', answer.failure, seen, atMostMs);
}

/** A lock may be given up at any moment, and the time for it is not to be overslept: it is not waited for ever longer. */
export function longestWaitMs(
  { kind }: Unanswered,
  lockedMs: number,
  { handoverPollMs, lockTimeoutMs }: Rules,
): number | undefined {
  return kind === 'locked' ? Math.min(handoverPollMs, lockTimeoutMs - lockedMs) : undefined;
}
