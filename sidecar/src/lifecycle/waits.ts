import { LEAST_BEYOND_FINAL } from '../settings/conflicts.ts';
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
  /** How often a small volume is looked at. */
  readonly lookEvery: Milliseconds;
  /** How often a restore says how far it is. */
  readonly progress: Milliseconds;
  /** How long one of the calls over HTTP may take. */
  readonly call: Milliseconds;
  /** How often, about, a waiting start looks for the older writer's final archive. */
  readonly handoverPoll: Milliseconds;
  /** How much longer than FINAL_BACKUP_TIMEOUT a writer that says it is closing is waited for. */
  readonly closingBeyondFinal: Milliseconds;
  /** The same of LOCK_TIMEOUT: at the least, and where it is not set. */
  readonly lockBeyondFinal: { readonly least: Milliseconds; readonly default: Milliseconds };
}

export const WAITS: Waits = {
  retryFirst: 1_000,
  retryLongest: 60_000,
  leastAfterSigterm: 30_000,
  prestopPoll: 500,
  // A change in a small volume is to be noticed within 5 s, the look included.
  lookEvery: 4_500,
  progress: 5_000,
  call: 10_000,
  handoverPoll: 1_000,
  closingBeyondFinal: 60_000,
  lockBeyondFinal: { least: LEAST_BEYOND_FINAL, default: 90_000 },
};

/** How long to wait after the given number of failures in a row: doubling, with full jitter. */
export function backOff(failures: number, waits: Waits, random: () => number): Milliseconds {
  const ceiling = Math.min(waits.retryLongest, waits.retryFirst * 2 ** Math.min(failures - 1, 20));
  return Math.round(random() * ceiling);
}
