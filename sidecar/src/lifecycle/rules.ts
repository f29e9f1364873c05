import { createHash } from 'node:crypto';
import { chooseChunker } from '../lineage/chunker.ts';
import type { Rules } from '../lineage/ports.ts';
import type { Request } from '../lineage/rows/start.ts';
import type { Settings } from '../settings.ts';
import type { World } from './world.ts';

/** The settings as the order of archives sees them. */
export function rulesOf(settings: Settings, { waits, podName }: World): Rules {
  const { FINAL_BACKUP_TIMEOUT, LOCK_TIMEOUT, PRUNE_FLAGS, CHUNKER_PARAMS } = settings;
  const { BACKUP_INTERVAL, BACKUP_QUIET_PERIOD, BACKUP_MIN_INTERVAL } = settings;
  return {
    set: settings.ARCHIVE_NAME,
    volume: settings.DATA_DIR,
    pod: podName,
    app: settings.APP_VERSION ?? '',
    handoverTimeoutMs: settings.HANDOVER_TIMEOUT,
    closingTimeoutMs: FINAL_BACKUP_TIMEOUT + waits.closingBeyondFinal,
    lockTimeoutMs: LOCK_TIMEOUT ?? FINAL_BACKUP_TIMEOUT + waits.lockBeyondFinal.default,
    intervalMs: BACKUP_INTERVAL,
    quietMs: BACKUP_QUIET_PERIOD,
    leastBetweenSavesMs: BACKUP_MIN_INTERVAL,
    lookEveryMs: waits.lookEvery,
    handoverPollMs: waits.handoverPoll,
    onEmptyRepository: settings.ON_EMPTY_REPOSITORY,
    onNonemptyVolume: settings.ON_NONEMPTY_VOLUME,
    request: requestOf(settings),
    repositoryId: settings.REPOSITORY_ID,
    compactEveryMs: settings.COMPACT_EVERY,
    checkEveryMs: settings.CHECK_EVERY,
    keep: PRUNE_FLAGS === 'none' ? undefined : PRUNE_FLAGS,
    sizeLimitBytes: settings.VOLUME_SIZE_LIMIT,
    shrinkGuard: settings.SHRINK_GUARD,
    chunkerFor: (inherited, bytes) => chooseChunker(CHUNKER_PARAMS, inherited, bytes),
  };
}

function requestOf({ RESTORE_ARCHIVE, RESTORE_AT }: Settings): Request | undefined {
  if (RESTORE_ARCHIVE !== undefined) {
    const text = `RESTORE_ARCHIVE=${RESTORE_ARCHIVE}`;
    return { text, hash: hash(text), wanted: { archive: RESTORE_ARCHIVE } };
  }
  if (RESTORE_AT !== undefined) {
    const text = `RESTORE_AT=${new Date(RESTORE_AT).toISOString()}`;
    return { text, hash: hash(text), wanted: { notAfterMs: RESTORE_AT } };
  }
  return undefined;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
