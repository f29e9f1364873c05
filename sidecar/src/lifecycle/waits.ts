import type { Milliseconds } from '../settings/kinds.ts';

/** The waits that no setting names: one object, so that a test of them takes seconds. */
export interface Waits {
  /** The first back-off after a failure that may pass, and the longest. */
  readonly retryFirst: Milliseconds;
  readonly retryLongest: Milliseconds;
  /** The least that is left for the last save after SIGTERM, however long ago prestop was. */
  readonly leastAfterSigterm: Milliseconds;
  /** How often it is looked whether prestop has come. */
  readonly prestopPoll: Milliseconds;
  /** How often a restore says how far it is. */
  readonly progress: Milliseconds;
}

export const WAITS: Waits = {
  retryFirst: 1_000,
  retryLongest: 60_000,
  leastAfterSigterm: 30_000,
  prestopPoll: 500,
  progress: 5_000,
};

/** How long to wait after the given number of failures in a row: doubling, with full jitter. */
export function backOff(failures: number, waits: Waits, random: () => number): Milliseconds {
  const ceiling = Math.min(waits.retryLongest, waits.retryFirst * 2 ** Math.min(failures - 1, 20));
  return Math.round(random() * ceiling);
}
