import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Item } from '../borg/repository.ts';
import type { Measured } from './progress.ts';

/** What an archive says of itself before its list is there. */
export type Expected = Pick<Measured, 'ofEntries' | 'ofBytes'>;

/** The bytes that the files of an archive hold. */
export function bytesOf(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + sizeOf(item), 0);
}

/**
 * Finds how far borg is with extracting an archive. It makes the entries in the order of the archive's list, so the last
 * one that is there tells it; having borg name each entry costs a tenth of the whole restore.
 */
export class Extracted {
  readonly #directory: string;
  #expected: Expected;
  /** Grows while the list is fetched, which is faster than the extraction. */
  readonly #items: Item[] = [];
  /** Entries begun, and the bytes of all of them but the last. */
  #begun = 0;
  #sum = 0;

  constructor(directory: string, expected: Expected) {
    this.#directory = directory;
    this.#expected = expected;
  }

  /** The archive's list names its next entry. */
  list(item: Item): void {
    this.#items.push(item);
  }

  /** The list is complete. */
  listed(): { items: Item[] } {
    this.#expected = { ofEntries: this.#items.length, ofBytes: bytesOf(this.#items) };
    return { items: this.#items };
  }

  measure(): Omit<Measured, 'seconds'> {
    this.#advance(this.#findBegun());
    return { entries: this.#begun, bytes: this.#bytes(), ...this.#expected };
  }

  #bytes(): number | undefined {
    if (this.#items.length === 0) {
      return undefined;
    }
    const current = this.#items[this.#begun - 1];
    // Of the entry that is under way: one large file may be nearly all of the volume.
    return this.#sum + (current === undefined ? 0 : Math.min(sizeOf(current), this.#written(current) ?? 0));
  }

  /** How many entries are there: all before the first that is not. */
  #findBegun(): number {
    let begun = this.#begun;
    for (let end = this.#items.length; begun < end; ) {
      const middle = Math.ceil((begun + end) / 2);
      if (this.#isThere(middle - 1)) {
        begun = middle;
      } else {
        end = middle - 1;
      }
    }
    return begun;
  }

  #advance(begun: number): void {
    for (; this.#begun < begun; this.#begun += 1) {
      const done = this.#items[this.#begun - 1];
      this.#sum += done === undefined ? 0 : sizeOf(done);
    }
  }

  /** A name that is not all UTF-8 can't be asked for: the entry before it answers. */
  #isThere(index: number): boolean {
    let at = index;
    while (at > this.#begun && this.#items[at]?.path.includes('?')) {
      at -= 1;
    }
    const item = this.#items[at];
    return item !== undefined && this.#written(item) !== undefined;
  }

  #written({ path }: Item): number | undefined {
    try {
      return lstatSync(join(this.#directory, path), { throwIfNoEntry: false })?.size;
    } catch {
      // What stood in its way is not ours to judge here.
      return undefined;
    }
  }
}

function sizeOf({ type, size }: Item): number {
  return type === '-' ? size : 0;
}
