import type { Fork, Order } from '../order.ts';

/** Own forks that stay beside the first. */
const NEWEST_KEPT = 3;

/** Row 32: the own fork that already holds what the volume is now, or the number of the next. */
export function chooseFork(
  order: Order,
  own: string,
  tries: ReadonlyMap<string, string>,
  digest: string,
): { saved: true } | { saved: false; number: number } {
  const newest = ownForks(order, own).at(-1);
  if (newest !== undefined && tries.get(newest.comment.try) === digest) {
    return { saved: true };
  }
  return { saved: false, number: (newest?.number ?? 0) + 1 };
}

/** Row 32: own forks that go once a newer one is made; the first and the three newest stay. */
export function forksToDelete(order: Order, own: string, made: number): readonly string[] {
  return ownForks(order, own)
    .filter(({ number }) => number >= 2 && number <= made - NEWEST_KEPT)
    .map(({ archive }) => archive.name);
}

function ownForks(order: Order, own: string): readonly Fork[] {
  return order.forks.filter(({ writer }) => writer === own);
}
