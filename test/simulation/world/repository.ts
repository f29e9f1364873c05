import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import type { ListedArchive } from '../../../sidecar/src/lineage/order.ts';
import type { State } from './content.ts';

export type Kind = Comment['kind'] | 'legacy' | 'foreign';

/** An archive as it is, with what a list does not tell. */
export interface Archive extends ListedArchive {
  readonly kind: Kind;
  /** The number in a name of the order, else 0. */
  readonly sequence: number;
  readonly writer: string;
  readonly said: Comment | undefined;
  readonly state: State | undefined;
  /** What its writer had found the volume to be before it. */
  readonly examined?: 'same' | 'unmarked' | 'gone';
  /** The how manieth commit of the world made it. */
  readonly committed: number;
  /** Its writer was told, or told others, that it counts. */
  acknowledged: boolean;
  deleted: boolean;
}

export type Plan = Pick<
  Archive,
  'name' | 'kind' | 'sequence' | 'writer' | 'said' | 'state' | 'comment' | 'time' | 'examined'
>;

/** Who holds the exclusive lock. A client that is gone may still have sent its commit. */
export interface Lock {
  readonly by: string;
  readonly gone: boolean;
  readonly commit: (() => void) | undefined;
}

/** A Borg 1.x repository: one exclusive lock from reading the manifest to the commit; a name exists once. */
export class Repository {
  id = 'repo-1';
  lock: Lock | undefined;
  /** Who holds the shared lock: extractions. A client that is gone may hold it, too. */
  readonly readers = new Set<object>();
  full = false;
  /** How often something was committed. */
  commits = 0;
  /** All that ever was. */
  readonly history: Archive[] = [];
  #archives: readonly Archive[] = [];
  #replaced = 1;

  /** What a list shows. The same array as long as nothing changes. */
  get archives(): readonly Archive[] {
    return this.#archives;
  }

  /** Whether the exclusive lock can't be had. */
  get isUsed(): boolean {
    return this.lock !== undefined || this.readers.size > 0;
  }

  has(name: string): boolean {
    return this.#archives.some((archive) => archive.name === name);
  }

  commit(plan: Plan): Archive {
    this.commits += 1;
    const archive: Archive = {
      ...plan,
      id: `id${this.commits}`,
      committed: this.commits,
      acknowledged: false,
      deleted: false,
    };
    this.history.push(archive);
    this.#archives = [...this.#archives, archive];
    return archive;
  }

  /** Deletes what is there of the names. */
  delete(names: readonly string[]): readonly Archive[] {
    const gone = this.#archives.filter(({ name }) => names.includes(name));
    if (gone.length > 0) {
      this.commits += 1;
      this.#archives = this.#archives.filter((archive) => !gone.includes(archive));
      for (const archive of gone) {
        archive.deleted = true;
      }
    }
    return gone;
  }

  /** Nobody holds a lock any more. */
  free(): void {
    this.lock = undefined;
    this.readers.clear();
  }

  /** Somebody puts an empty one into its place. */
  replace(): void {
    this.#replaced += 1;
    this.id = `repo-${this.#replaced}`;
    this.#archives = [];
    this.free();
  }
}

/** The newest archive that holds the volume: the highest number of the set, else the predecessor's highest. */
export function newestData(archives: readonly Archive[]): Archive | undefined {
  return highest(archives, 'data') ?? newestLegacy(archives);
}

export function newestLegacy(archives: readonly Archive[]): Archive | undefined {
  let newest: Archive | undefined;
  for (const archive of archives) {
    if (archive.kind === 'legacy' && (newest === undefined || epoch(archive) > epoch(newest))) {
      newest = archive;
    }
  }
  return newest;
}

/** The highest archive of the order that is ours, of any kind or of one. */
export function highest(archives: readonly Archive[], kind?: Kind): Archive | undefined {
  let found: Archive | undefined;
  for (const archive of archives) {
    const fits = kind === undefined ? isRecord(archive) || archive.kind === 'data' : archive.kind === kind;
    if (fits && archive.sequence > (found?.sequence ?? 0)) {
      found = archive;
    }
  }
  return found;
}

export function isRecord({ kind }: Archive): boolean {
  return kind === 'claim' || kind === 'close';
}

/** Of two equal numbers the one made at the exit is newer. */
function epoch({ name }: Archive): number {
  return Number.parseInt(name, 10) + (name.endsWith('-exit') ? 0.5 : 0);
}
