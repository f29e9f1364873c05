import { type BytePath, fromText } from '../path.ts';
import type { Entry } from '../walk.ts';
import { isDatabase, LEAST_BYTES } from './header.ts';

/** Two clocks at one moment, in milliseconds. */
export interface Clocks {
  /** Since 1970: what files are stamped with. */
  readonly now: number;
  /** Since the boot, which nobody sets. */
  readonly uptime: number;
}

/** One walk that looks for databases. */
export interface Search {
  see(entry: Entry): void;
  /** The databases that were seen, once the walk is complete. */
  end(): readonly BytePath[];
}

// More than the grain of a time stamp, and than what a clock is slewed by between two walks.
const MARGIN_MS = 1_000;

/** Finds the databases of a volume on its walks; reads the heads of those files alone that have changed since the last. */
export class DatabaseFinder {
  readonly #root: BytePath;
  /** Inodes, since a directory that moves takes its files along unchanged. */
  #known: ReadonlySet<bigint> = new Set();
  #last: Clocks | undefined;

  constructor(directory: string) {
    this.#root = fromText(directory);
  }

  begin(clocks: Clocks): Search {
    const readSinceNs = BigInt(Math.floor(this.#unreadSince(clocks))) * 1_000_000n;
    const found: BytePath[] = [];
    const inodes = new Set<bigint>();
    return {
      see: ({ path, stats }) => {
        if (!stats.isFile() || stats.size < LEAST_BYTES) {
          return;
        }
        const isKnown = stats.ctimeNs < readSinceNs;
        if (isKnown ? this.#known.has(stats.ino) : isDatabase(`${this.#root}/${path}`)) {
          found.push(path);
          inodes.add(stats.ino);
        }
      },
      end: () => {
        this.#known = inodes;
        this.#last = clocks;
        return found;
      },
    };
  }

  #unreadSince({ now, uptime }: Clocks): number {
    const last = this.#last;
    const setBackMs = last === undefined ? Number.POSITIVE_INFINITY : last.now - last.uptime - (now - uptime);
    // What is written by a clock that was set back looks older than it is.
    return last === undefined || setBackMs > MARGIN_MS / 2 ? 0 : last.now - MARGIN_MS;
  }
}
