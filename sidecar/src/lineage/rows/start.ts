import type { Comment } from '../comment.ts';
import { LAST_SEQUENCE } from '../names.ts';
import { isSame, type Newest, type Order } from '../order.ts';

/** What RESTORE_ARCHIVE or RESTORE_AT asks for. */
export interface Request {
  /** First 16 hexadecimal digits of the SHA-256 of the request: done once, it is known by this. */
  readonly hash: string;
  readonly wanted: { readonly archive: string } | { readonly notAfterMs: number };
  /** The setting as it was given, for a person. */
  readonly text: string;
}

/** Why a start can't go on by itself. */
export type Obstacle =
  | { readonly kind: 'foreign'; readonly names: readonly string[] }
  | { readonly kind: 'legacy'; readonly epoch: number }
  | { readonly kind: 'numbers-used-up' }
  | { readonly kind: 'empty' };

/** What is to be restored; `undefined` is an empty volume. */
export interface Target {
  readonly archive: Newest | undefined;
  /**
   * There is a request that is not done. Also where it asks for the newest: unrecorded, a later start would find another
   * newest and do it again.
   */
  readonly requested: boolean;
}

/** When a writer at head was first seen by this start, and when it was first seen closing. */
export interface Seen {
  readonly sinceMs: number;
  readonly closingSinceMs: number | undefined;
}

/** Row 10: whether a lock that is held has been waited for long enough. */
export function isPastLock(lockedForMs: number, lockTimeoutMs: number): boolean {
  return lockedForMs >= lockTimeoutMs;
}

/** Row 11: what a person has to look at. */
export function findObstacle(
  order: Order,
  { request, onEmptyRepository }: { request: boolean; onEmptyRepository: 'start' | 'fail' },
): Obstacle | undefined {
  const { newest, foreign, legacy, top } = order;
  if (top >= LAST_SEQUENCE) {
    return { kind: 'numbers-used-up' };
  }
  if (newest === undefined && foreign.length > 0) {
    return { kind: 'foreign', names: foreign };
  }
  if (newest?.kind === 'data' && legacy > newest.comment.legacy && !request) {
    return { kind: 'legacy', epoch: legacy };
  }
  if (newest === undefined && onEmptyRepository === 'fail') {
    return { kind: 'empty' };
  }
  return undefined;
}

/** Row 12: keeps when a writer was first seen at head. Its next archives do not begin its time anew. */
export function noteWriter(order: Order, seen: Map<string, Seen>, nowMs: number): void {
  const comment = order.head?.comment;
  if (comment !== undefined) {
    const before = seen.get(comment.writer) ?? { sinceMs: nowMs, closingSinceMs: undefined };
    const closingSinceMs = before.closingSinceMs ?? (comment.closing ? nowMs : undefined);
    seen.set(comment.writer, { ...before, closingSinceMs });
  }
}

/** Row 12: until when the writer at head is waited for, or `undefined` where it has ended or has had its time. */
export function waitUntil(
  order: Order,
  seen: ReadonlyMap<string, Seen>,
  own: string,
  nowMs: number,
  { handoverTimeoutMs, closingTimeoutMs }: { handoverTimeoutMs: number; closingTimeoutMs: number },
): number | undefined {
  const comment = order.head?.comment;
  const writer = comment && seen.get(comment.writer);
  if (comment === undefined || writer === undefined || comment.writer === own || comment.final) {
    return undefined;
  }
  const closing = comment.closing && writer.closingSinceMs !== undefined && handoverTimeoutMs > 0;
  const untilMs = closing
    ? (writer.closingSinceMs ?? nowMs) + closingTimeoutMs
    : writer.sinceMs + handoverTimeoutMs;
  return untilMs > nowMs ? untilMs : undefined;
}

/**
 * Row 13 and 19: whether there is a request that the newest data does not record as done.
 *
 * @param lacking the id of a record that is known to lack entries: with it nothing is done
 */
export function isRequested(
  { newest }: Order,
  request: Request | undefined,
  lacking?: string,
): request is Request {
  const done = newest?.kind === 'data' && newest.archive.id !== lacking ? newest.comment.restore : '-';
  return request !== undefined && request.hash !== done;
}

/** Row 13: what to restore, or `undefined` where the archive that is asked for is not there. */
export function chooseTarget(
  order: Order,
  request: Request | undefined,
  lacking?: string,
): Target | undefined {
  if (!isRequested(order, request, lacking)) {
    return { archive: order.newest, requested: false };
  }
  const archive = findRequested(order, request);
  return archive && { archive, requested: true };
}

/** Row 14: the number of the claim to make; an own claim at the very top is used again. */
export function chooseClaim(order: Order, own: string): { sequence: number; won: boolean } {
  const { head, top } = order;
  const won = head?.sequence === top && head.comment.kind === 'claim' && head.comment.writer === own;
  return { sequence: won ? top : top + 1, won };
}

/** Rows 14 and 20: what a claim inherits from the newest data, and each archive from its claim; of upkeep from the head. */
export function inherit({
  newest,
  head,
  legacy,
}: Order): Pick<Comment, 'restore' | 'guard' | 'legacy' | 'added' | 'compacted' | 'checked'> {
  const comment = newest?.kind === 'data' ? newest.comment : undefined;
  const { added = 0, compacted = 0, checked = 0 } = head?.comment ?? {};
  return {
    restore: comment?.restore ?? '-',
    guard: comment?.guard ?? '-',
    legacy,
    added,
    compacted,
    checked,
  };
}

/** Row 16: whether nobody has come between the first list and the claim. */
export function isConfirmed(first: Order, second: Order, own: string, claim: number): boolean {
  return (
    second.head?.sequence === claim &&
    second.head.comment.kind === 'claim' &&
    second.head.comment.writer === own &&
    isSame(second.newest?.archive, first.newest?.archive) &&
    second.legacy === first.legacy
  );
}

/** Row 19: whether what was restored must be saved as the newest before the application may run. */
export function mustRecord(target: Target): boolean {
  return target.requested;
}

/** Row 22: whether the repository is still what it was before the extraction. */
export function isUnchanged(first: Order, second: Order): boolean {
  const names = ({ archives }: Order) => archives.map(({ name, id }) => `${name} ${id}`).sort();
  return names(first).join('\n') === names(second).join('\n');
}

function findRequested(order: Order, { wanted }: Request): Newest | undefined {
  const data = order.data.map(({ archive, comment }): Newest => ({ kind: 'data', archive, comment }));
  const legacies = order.legacies.map(({ archive }): Newest => ({ kind: 'legacy', archive }));
  if ('archive' in wanted) {
    const forks = order.forks.map(({ archive, comment }): Newest => ({ kind: 'data', archive, comment }));
    return [...data, ...legacies, ...forks].find(({ archive }) => archive.name === wanted.archive);
  }
  // By number, newest first: a skewed clock can make one archive look too young, and never the order another.
  return [...legacies, ...data].findLast(({ archive }) => archive.time <= wanted.notAfterMs);
}
