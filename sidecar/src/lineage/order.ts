import { type Comment, readComment } from './comment.ts';
import { LAST_SEQUENCE, readName } from './names.ts';

/** An archive as a list names it. */
export interface ListedArchive {
  readonly name: string;
  /** Borg's id: 64 hexadecimal digits. */
  readonly id: string;
  readonly comment: string;
}

/** The newest data archive: what a start restores. */
export type Newest =
  | { readonly kind: 'data'; readonly archive: ListedArchive; readonly comment: Comment }
  | { readonly kind: 'legacy'; readonly archive: ListedArchive };

/** A set's archives in their order. */
export interface Order {
  /** The highest number that a name has taken, whoever made it; 0 if none. */
  readonly top: number;
  readonly newest: Newest | undefined;
  /** The predecessor's highest number, 0 if it left none. */
  readonly legacy: number;
  /** Names that are neither of the set nor the predecessor's, and names of the set on somebody else's archives. */
  readonly foreign: readonly string[];
}

/** Reads the order of a set from a list of the whole repository. Time stamps never count: only numbers do. */
export function readOrder(set: string, archives: readonly ListedArchive[]): Order {
  let top = 0;
  let legacy = -1;
  let newestData: (Newest & { kind: 'data' }) | undefined;
  let newestLegacy: ListedArchive | undefined;
  const foreign: string[] = [];
  for (const archive of archives) {
    const name = readName(set, archive.name);
    if (name.kind === 'lineage') {
      top = Math.max(top, name.sequence);
      const comment = readComment(archive.comment);
      if (
        comment === undefined ||
        comment.set !== set ||
        comment.seq !== name.sequence ||
        comment.kind === 'fork'
      ) {
        foreign.push(archive.name);
      } else if (comment.kind === 'data' && name.sequence > (newestData?.comment.seq ?? 0)) {
        newestData = { kind: 'data', archive, comment };
      }
    } else if (name.kind === 'legacy') {
      // Of two with the same number the one made at the exit is newer.
      if (name.epoch > legacy || (name.epoch === legacy && name.exit)) {
        newestLegacy = archive;
        legacy = name.epoch;
      }
    } else {
      foreign.push(archive.name);
    }
  }
  const adopted: Newest | undefined = newestLegacy && { kind: 'legacy', archive: newestLegacy };
  return { top, newest: newestData ?? adopted, legacy: Math.max(legacy, 0), foreign };
}

/** Why a set can't be started from or written to, in a sentence, or `undefined` if it can. */
export function findObstacle(set: string, order: Order): string | undefined {
  if (order.newest === undefined && order.foreign.length > 0) {
    return `The repository holds archives that are not of the set "${set}" (${some(order.foreign)}): correct ARCHIVE_NAME or REPO_BASE, each set needs a repository of its own.`;
  }
  if (order.newest?.kind === 'data' && order.legacy > order.newest.comment.legacy) {
    return `The predecessor has written an archive (${order.legacy}) after this program took the set "${set}" over: two lines of data exist and a person must choose. Rename or delete the archives of the one that is not wanted, then start again.`;
  }
  if (order.top >= LAST_SEQUENCE) {
    return `The set "${set}" has used its last archive number (${LAST_SEQUENCE}): start a new set.`;
  }
  return undefined;
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
