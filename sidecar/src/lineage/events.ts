import type { Comment } from './comment.ts';
import type { Chore } from './rows/upkeep.ts';

/** An archive of a writer, as a person is told of it. */
export interface Named {
  readonly archive: string;
  readonly kind: Comment['kind'];
  readonly writer: string;
  readonly pod: string;
}

/** What happens to the order, for whoever watches. Nothing is steered through it. */
export interface LineageEvents {
  /** The repository answered with its archives. */
  listed: [
    {
      id: string;
      archives: number;
      head: Named | undefined;
      forks: readonly string[];
      held: readonly string[];
      /** Claims and closes that were passed over, and archives that are not of the set. */
      strays: readonly string[];
      legacy: number;
      guard: string;
    },
  ];
  /** The writer of this volume is known. */
  writer: [{ writer: string }];
  /** A start waits for an older writer's final archive. */
  'handover.waiting': [Named & { closing: boolean; forMs: number }];
  /** This writer has begun. */
  claimed: [{ archive: string; late: boolean }];
  /** Another writer came between: the start begins anew. */
  'claim.lost': [{ archive: string; to: Named | undefined }];
  /** The start goes past a lock or a full disk: it may run on data that an older writer has not finished saving. */
  unclaimed: [{ why: 'locked' | 'full'; lockedForMs: number }];
  /** Data of other writers that is newer than what an unclaimed start restored, and is kept. */
  held: [{ archives: readonly string[] }];
  /** The request of RESTORE_ARCHIVE or RESTORE_AT is done, and is not done again. */
  requested: [{ archive: string; restored: string }];
  /** The marker was gone and is back. */
  'marker.restored': [Record<string, never>];
  /** The marker can't be written; the archive is made all the same. */
  'marker.failed': [{ error: unknown }];
  /** The volume was looked at. */
  looked: [{ files: number; bytes: number; unreadable: readonly string[]; unsaved: boolean }];
  /** An archive is going to be made. */
  'save.started': [{ archive: string; final: boolean; files: number; bytes: number }];
  /** An archive was made, and a list shows it as the head. */
  'save.done': [{ archive: string; final: boolean; partial: boolean; addedBytes: number; seconds: number }];
  /** A save lost more than it may: nothing is deleted until a person accepts it. */
  guarded: [{ archive: string; against: string; files: number; bytes: number; partial: boolean }];
  /** What was asked to be accepted is: the archive guards against nothing. Without an archive: nothing was guarded. */
  accepted: [{ archive: string | undefined }];
  /** What was asked to be accepted can't be: this writer has no claim yet. */
  'accept.refused': [Record<string, never>];
  /** This writer has said that it is ending or has ended. */
  closed: [{ archive: string; final: boolean }];
  /** The end could not be said, and everything is saved: a successor may wait for nothing. */
  'close.failed': [{ error: unknown }];
  /** A newer writer has taken over; nothing of this one counts from now on. */
  fenced: [{ by: Named | undefined }];
  /** What a fenced writer has is in an archive of its own. */
  'fork.done': [{ archive: string; final: boolean; addedBytes: number; seconds: number }];
  /** A name that was to be made is somebody else's: the next number is tried. */
  'number.taken': [{ archive: string }];
  /** Archives that have done their work could not be deleted; it is tried again after the next save. */
  'delete.failed': [{ error: unknown }];
  /** Upkeep of the repository. `kept`: its server only appends; `part`: it goes on another time. */
  'upkeep.done': [{ chore: Chore; result: 'freed' | 'kept' | 'whole' | 'part'; seconds: number }];
  /** It failed, and is tried again later. */
  'upkeep.failed': [{ chore: Chore | 'warm'; error: unknown }];
  /** Retention, or records that have done their work. */
  deleted: [{ archives: readonly string[] }];
}
