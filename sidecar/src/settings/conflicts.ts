import type { Settings } from '../settings.ts';
import { formatDuration, type Milliseconds } from './kinds.ts';

/** A final save may hold the lock for its own time and a minute: DESIGN 4.1, and schedule 9 of the order. */
export const LEAST_BEYOND_FINAL: Milliseconds = 60_000;

/**
 * Settings that are fine one by one and not together, a sentence each.
 *
 * @param leastBeyondFinal how much longer than the last save a start waits for a lock, at the least
 */
export function findConflicts(
  settings: Partial<Settings>,
  ownUid: number,
  leastBeyondFinal = LEAST_BEYOND_FINAL,
): string[] {
  return [
    ...lockOutlastsFinalSave(settings, leastBeyondFinal),
    ...oneRequest(settings),
    ...onePassphrase(settings),
    ...ownerIsReachable(settings, ownUid),
    ...pinnedRepositoryExists(settings),
    ...portsDiffer(settings),
  ];
}

function onePassphrase(settings: Partial<Settings>): string[] {
  const given = (['BORG_PASSPHRASE', 'BORG_PASSPHRASE_FILE', 'BORG_PASSCOMMAND'] as const).filter(
    (name) => settings[name] !== undefined,
  );
  return given.length > 1 ? [`${given.join(' and ')} exclude one another: set one of them.`] : [];
}

function ownerIsReachable({ USER_UID, USER_GID }: Partial<Settings>, ownUid: number): string[] {
  if (USER_GID !== undefined && USER_UID === undefined) {
    return [`USER_GID is ${USER_GID}, but USER_UID is missing: set it too.`];
  }
  if (USER_UID !== undefined && ownUid !== 0 && ownUid !== USER_UID) {
    return [
      `USER_UID is ${USER_UID}, but the program runs as user ${ownUid} and can't become another one: set runAsUser to ${USER_UID}, or remove USER_UID.`,
    ];
  }
  return [];
}

function pinnedRepositoryExists({ INIT_REPOSITORY, REPOSITORY_ID }: Partial<Settings>): string[] {
  return INIT_REPOSITORY && REPOSITORY_ID !== undefined
    ? [
        'INIT_REPOSITORY and REPOSITORY_ID exclude one another: a repository whose id is known exists already.',
      ]
    : [];
}

function lockOutlastsFinalSave(
  { LOCK_TIMEOUT, FINAL_BACKUP_TIMEOUT }: Partial<Settings>,
  leastBeyondFinal: Milliseconds,
): string[] {
  const least = (FINAL_BACKUP_TIMEOUT ?? 0) + leastBeyondFinal;
  return LOCK_TIMEOUT !== undefined && LOCK_TIMEOUT < least
    ? [
        `LOCK_TIMEOUT is ${formatDuration(LOCK_TIMEOUT)}, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + ${formatDuration(leastBeyondFinal)}: set it to ${formatDuration(least)} or more, or remove it.`,
      ]
    : [];
}

function oneRequest({ RESTORE_ARCHIVE, RESTORE_AT }: Partial<Settings>): string[] {
  return RESTORE_ARCHIVE !== undefined && RESTORE_AT !== undefined
    ? ['RESTORE_ARCHIVE and RESTORE_AT exclude one another: set one of them.']
    : [];
}

function portsDiffer({ HTTP_PORT, STATUS_PORT }: Partial<Settings>): string[] {
  return HTTP_PORT !== undefined && HTTP_PORT !== 0 && HTTP_PORT === STATUS_PORT
    ? [`HTTP_PORT and STATUS_PORT are both ${HTTP_PORT}: choose two.`]
    : [];
}
