import { type Comment, NO_PARENT, type Parent, readComment } from './comment.ts';
import { readName } from './names.ts';

/** An archive as a list names it. */
export interface ListedArchive {
  readonly name: string;
  /** Borg's id: 64 hexadecimal digits. */
  readonly id: string;
  readonly comment: string;
  /** Milliseconds since 1970, by the clock of whoever made it: decides nothing but retention's periods and RESTORE_AT. */
  readonly time: number;
}

/** An archive of ours: its name is of the set, and its comment is true of its name. */
export interface Entry {
  readonly sequence: number;
  readonly archive: ListedArchive;
  readonly comment: Comment;
}

/** A fenced writer's archive. */
export interface Fork {
  readonly writer: string;
  readonly number: number;
  readonly archive: ListedArchive;
  readonly comment: Comment;
}

/** An archive of the predecessor. */
export interface Legacy {
  readonly epoch: number;
  readonly exit: boolean;
  readonly archive: ListedArchive;
}

/** The newest data archive: what a start restores. */
export type Newest =
  | { readonly kind: 'data'; readonly archive: ListedArchive; readonly comment: Comment }
  | { readonly kind: 'legacy'; readonly archive: ListedArchive };

/** A set's archives in their order. */
export interface Order {
  readonly repositoryId: string;
  readonly archives: readonly ListedArchive[];
  /** The highest number that a name has taken, whoever made it; 0 if none. */
  readonly top: number;
  /** The highest of ours, of any kind. */
  readonly head: Entry | undefined;
  /** Archives that hold the volume, by rising number. */
  readonly data: readonly Entry[];
  /** Claims and closes, by rising number. */
  readonly records: readonly Entry[];
  readonly forks: readonly Fork[];
  /** The newest is the last one. */
  readonly legacies: readonly Legacy[];
  readonly newest: Newest | undefined;
  /** The predecessor's highest number, 0 if it left none. */
  readonly legacy: number;
  /** Names that are neither of the set nor the predecessor's, and names of the set on somebody else's archives. */
  readonly foreign: readonly string[];
}

/** Reads the order of a set from a list of the whole repository. Time stamps never count: only numbers do. */
export function readOrder(
  set: string,
  { repositoryId, archives }: { repositoryId: string; archives: readonly ListedArchive[] },
): Order {
  const ours: Entry[] = [];
  const forks: Fork[] = [];
  const legacies: Legacy[] = [];
  const foreign: string[] = [];
  let top = 0;
  for (const archive of archives) {
    const name = readName(set, archive.name);
    const comment = name.kind === 'foreign' ? undefined : readOurComment(set, archive);
    if (name.kind === 'lineage') {
      top = Math.max(top, name.sequence);
    }
    if (name.kind === 'legacy') {
      legacies.push({ ...name, archive });
    } else if (name.kind === 'lineage' && comment?.seq === name.sequence && comment.kind !== 'fork') {
      ours.push({ sequence: name.sequence, archive, comment });
    } else if (name.kind === 'fork' && comment?.kind === 'fork') {
      forks.push({ writer: name.writer, number: name.number, archive, comment });
    } else {
      foreign.push(archive.name);
    }
  }
  ours.sort((one, other) => one.sequence - other.sequence);
  // Of two with the same number the one made at the exit is newer.
  legacies.sort((one, other) => one.epoch - other.epoch || Number(one.exit) - Number(other.exit));
  const data = ours.filter(({ comment }) => comment.kind === 'data');
  return {
    repositoryId,
    archives,
    top,
    head: ours.at(-1),
    data,
    records: ours.filter(({ comment }) => comment.kind !== 'data'),
    forks: forks.sort((one, other) => one.number - other.number),
    legacies,
    newest: newestOf(data.at(-1), legacies.at(-1)),
    legacy: legacies.at(-1)?.epoch ?? 0,
    foreign,
  };
}

/** The data archive that what is restored from the newest descends from. */
export function parentOf(newest: Newest | undefined): Parent {
  return newest?.kind === 'data' ? { sequence: newest.comment.seq, id: newest.archive.id } : NO_PARENT;
}

/** All of ours, data first. */
export function entriesOf({ data, records }: Pick<Order, 'data' | 'records'>): readonly Entry[] {
  return [...data, ...records];
}

/** Whether two are the same archive: a freed name can be taken again. */
export function isSame(one: ListedArchive | undefined, other: ListedArchive | undefined): boolean {
  return one?.name === other?.name && one?.id === other?.id;
}

function readOurComment(set: string, archive: ListedArchive): Comment | undefined {
  const comment = readComment(archive.comment);
  return comment?.set === set ? comment : undefined;
}

function newestOf(data: Entry | undefined, legacy: Legacy | undefined): Newest | undefined {
  if (data !== undefined) {
    return { kind: 'data', archive: data.archive, comment: data.comment };
  }
  return legacy && { kind: 'legacy', archive: legacy.archive };
}
