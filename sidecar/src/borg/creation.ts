/** What to create. */
export interface Creation {
  readonly name: string;
  readonly comment: string;
  readonly directory: string;
  /**
   * A text file that only says something: made without Borg's cache, since it has nothing to compare with, and at the
   * same time as another command.
   */
  readonly record?: boolean;
  /** Without Borg's cache, which would have to be made first: reads every file, and is quick where there are few. */
  readonly cold?: boolean;
  readonly chunker: string;
  readonly compression: string;
  readonly uploadLimitKibPerSecond: number | undefined;
  /** Patterns with their selectors. */
  readonly exclude: readonly string[];
  /** Files in another directory that are archived as if they were at the same paths in this one. */
  readonly staged?: { readonly directory: string; readonly paths: readonly string[] } | undefined;
  /** Extended attributes, ACLs and flags: only root can set them again. */
  readonly attributes: boolean;
}

/** Who wants to know what becomes of entries while they are archived. */
export interface Watcher {
  /** An entry is left out: told at once, since the archive may be made though its answer is lost. */
  onLeftOut?(): void;
  /** A file's content is read, because it is new or has changed. */
  onRead?: ((path: string) => void) | undefined;
}

/** What came of a creation: an archive, which may lack entries. */
export interface Created {
  readonly repositoryId: string;
  readonly id: string;
  readonly addedBytes: number;
  /** Entries that borg could not read and so left out. */
  readonly unread: readonly string[];
  /** Entries that were replaced while borg read them, and so left out. */
  readonly raced: readonly string[];
}
