import type { Rules } from '../../../sidecar/src/lineage/ports.ts';

const SECOND = 1_000;

export const SET = 'grafana';
export const FINAL_BACKUP_TIMEOUT_MS = 300 * SECOND;
/** No lock that a living writer holds for its final save is passed before this. */
export const LEAST_LOCK_TIMEOUT_MS = FINAL_BACKUP_TIMEOUT_MS + 60 * SECOND;
export const LEAST_AFTER_SIGTERM_MS = 30 * SECOND;
/** How long a command waits for the lock where its caller does not say. */
export const LOCK_WAIT_MS = 30 * SECOND;

/** The settings of a simulated pod. Waits are few and long: each is a step. */
export const RULES: Rules = {
  volume: '/data',
  set: SET,
  pod: '',
  app: '',
  handoverTimeoutMs: 90 * SECOND,
  closingTimeoutMs: FINAL_BACKUP_TIMEOUT_MS + 60 * SECOND,
  lockTimeoutMs: FINAL_BACKUP_TIMEOUT_MS + 90 * SECOND,
  intervalMs: 300 * SECOND,
  quietMs: 0,
  leastBetweenSavesMs: 0,
  lookEveryMs: 300 * SECOND,
  handoverPollMs: 60 * SECOND,
  onEmptyRepository: 'start',
  onNonemptyVolume: 'fail',
  request: undefined,
  repositoryId: undefined,
  compactEveryMs: Number.POSITIVE_INFINITY,
  checkEveryMs: Number.POSITIVE_INFINITY,
  keep: { secondly: 1 },
  sizeLimitBytes: undefined,
  shrinkGuard: 0.5,
  chunkerFor: () => 'fixed,65536',
};
