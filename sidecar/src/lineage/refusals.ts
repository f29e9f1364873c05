import { LAST_SEQUENCE } from './names.ts';
import { Refusal } from './refusal.ts';
import type { Obstacle } from './rows/start.ts';

const MOST_NAMED = 3;

/** Row 11, for a person. */
export function refuseFor(set: string, obstacle: Obstacle): Refusal {
  switch (obstacle.kind) {
    case 'foreign':
      return new Refusal(
        'foreign-archives',
        `The repository holds archives that are not of the set "${set}" (${some(obstacle.names)}): correct ARCHIVE_NAME or REPO_BASE, each set needs a repository of its own.`,
      );
    case 'legacy':
      return new Refusal(
        'two-lines',
        `The predecessor has written the archive ${obstacle.epoch} after this program took the set "${set}" over: two lines of data exist and a person must choose. Set RESTORE_ARCHIVE to the archive to go on from ("borg-volume-sync list" shows all), or delete the archives of the other line.`,
      );
    case 'numbers-used-up':
      return new Refusal(
        'numbers-used-up',
        `The set "${set}" has used its last archive number (${LAST_SEQUENCE}): start a new set.`,
      );
    case 'empty':
      return new Refusal(
        'empty-repository',
        `The set "${set}" has no archive and ON_EMPTY_REPOSITORY is "fail": correct ARCHIVE_NAME or REPO_BASE, or set it to "start" for the first start.`,
      );
  }
}

/** Row 2. */
export function refuseVanished(volume: string): Refusal {
  return new Refusal(
    'volume-vanished',
    `The volume ${volume} has lost its content while the application may be running: nothing is restored or saved. Delete the pod, and its successor restores the newest archive.`,
  );
}

/** Row 3 with ON_NONEMPTY_VOLUME=fail. */
export function refuseNonempty(volume: string): Refusal {
  return new Refusal(
    'volume-not-empty',
    `The volume ${volume} holds files that this program did not put there: empty it, or set ON_NONEMPTY_VOLUME=adopt to keep and save them.`,
  );
}

/** Row 3 with ON_NONEMPTY_VOLUME=adopt. */
export function refuseAdoption(volume: string, archive: string): Refusal {
  return new Refusal(
    'volume-not-empty',
    `The volume ${volume} has files and the set has the archive ${archive}: with ON_NONEMPTY_VOLUME=adopt only one of them may exist. Empty the volume to restore the archive, or choose another ARCHIVE_NAME.`,
  );
}

/** Row 13. */
export function refuseMissing(set: string, request: string): Refusal {
  return new Refusal(
    'archive-missing',
    `${request} asks for an archive that the set "${set}" does not have: correct it or remove it ("borg-volume-sync list" shows what there is).`,
  );
}

/** Row 5, for the repository that the volume came from. */
export function refuseOther(found: string, own: string): Refusal {
  return new Refusal(
    'wrong-repository',
    `The repository has the id ${found}, but the volume was restored from ${own}: nothing is written to it. Bring that one back, or delete the pod to start from what this one holds.`,
  );
}

/** REPOSITORY_ID. */
export function refuseUnpinned(found: string, pinned: string): Refusal {
  return new Refusal(
    'wrong-repository',
    `The repository has the id ${found}, but REPOSITORY_ID is ${pinned}: correct REPO_BASE or ARCHIVE_NAME, or REPOSITORY_ID if the repository was replaced on purpose.`,
  );
}

/** Row 25: the volume is not the writer's any more. */
export function refuseGone(volume: string): Refusal {
  return new Refusal(
    'volume-vanished',
    `The volume ${volume} is not the one that was restored any more, or was emptied: it is not saved. Delete the pod, and its successor restores the newest archive.`,
  );
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ');
}
