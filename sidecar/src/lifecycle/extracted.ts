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
 * Counts what borg extracts. It names an entry when it begins it, in the order of the archive's list: a place in the list
 * is all that has to be kept to sum up what is done.
 */
export class Extracted {
  readonly #directory: string;
  #expected: Expected;
  #items: readonly Item[] | undefined;
  #entries = 0;
  #last = '';
  /** The bytes of this many entries, the first of the list. */
  #sum = { entries: 0, bytes: 0 };

  constructor(directory: string, expected: Expected) {
    this.#directory = directory;
    this.#expected = expected;
  }

  /** An entry is begun. */
  begin(path: string): void {
    this.#entries += 1;
    this.#last = path;
  }

  /** The archive's list is there. */
  list(items: readonly Item[], bytes: number): void {
    this.#items = items;
    this.#expected = { ofEntries: items.length, ofBytes: bytes };
  }

  measure(): Omit<Measured, 'seconds'> {
    return { entries: this.#entries, bytes: this.#bytes(), ...this.#expected };
  }

  #bytes(): number | undefined {
    if (this.#items === undefined) {
      return undefined;
    }
    const current = this.#items[this.#entries - 1];
    while (this.#sum.entries < this.#entries - 1) {
      const done = this.#items[this.#sum.entries];
      this.#sum.bytes += done === undefined ? 0 : sizeOf(done);
      this.#sum.entries += 1;
    }
    return this.#sum.bytes + (current === undefined ? 0 : Math.min(sizeOf(current), this.#written()));
  }

  /** Of the entry that is under way: one large file may be nearly all of the volume. */
  #written(): number {
    try {
      return lstatSync(join(this.#directory, this.#last)).size;
    } catch {
      // It is not there yet, or its name is no text.
      return 0;
    }
  }
}

function sizeOf({ type, size }: Item): number {
  return type === '-' ? size : 0;
}
