import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { type BytePath, fromText, toBytes } from './path.ts';
import { RESERVED } from './reserved.ts';

/** An entry of the volume. */
export interface Entry {
  /** Relative to the volume. */
  readonly path: BytePath;
  readonly stats: BigIntStats;
  /** The names beside it in its directory, its own among them. */
  readonly siblings: ReadonlySet<BytePath>;
}

/** How a walk shares the processor with the rest of the program. */
export interface Pace {
  /** Milliseconds from any start. */
  now(): number;
  /** Lets everything else that is due run. */
  pause(): Promise<void>;
}

/** What is done on a walk. */
export interface Visitor {
  /** @returns false: don't go into this directory */
  enter(entry: Entry): boolean;
  /** An entry, or a directory's list of entries, that could not be read. */
  unreadable(path: BytePath): void;
}

// Short enough for a probe to be answered in time, long enough to cost next to nothing.
const SLICE_MS = 20;
const ENTRIES_PER_LOOK_AT_THE_CLOCK = 64;

/**
 * Visits every entry of a directory but the reserved ones, each directory's names in order. System calls are
 * synchronous (an asynchronous walk costs six times the CPU), in slices.
 */
export async function walk(directory: string, visitor: Visitor, pace: Pace): Promise<void> {
  const root = fromText(directory);
  const pending: BytePath[] = [''];
  let sliceEnd = pace.now() + SLICE_MS;
  let entries = 0;
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    const names = readNames(root, parent, visitor);
    const siblings = new Set(names);
    for (const name of names) {
      entries += 1;
      if (entries % ENTRIES_PER_LOOK_AT_THE_CLOCK === 0 && pace.now() > sliceEnd) {
        await pace.pause();
        sliceEnd = pace.now() + SLICE_MS;
      }
      const path = parent === '' ? name : `${parent}/${name}`;
      const stats = readStats(root, path, visitor);
      if (stats !== undefined && visitor.enter({ path, stats, siblings }) && stats.isDirectory()) {
        pending.push(path);
      }
    }
  }
}

function readNames(root: BytePath, path: BytePath, visitor: Visitor): BytePath[] {
  const names = attempt(() => readdirSync(toBytes(`${root}/${path}`), 'latin1'), path, visitor) ?? [];
  return (path === '' ? names.filter((name) => !RESERVED.includes(name)) : names).sort();
}

function readStats(root: BytePath, path: BytePath, visitor: Visitor): BigIntStats | undefined {
  return attempt(() => lstatSync(toBytes(`${root}/${path}`), { bigint: true }), path, visitor);
}

function attempt<T>(read: () => T, path: BytePath, visitor: Visitor): T | undefined {
  try {
    return read();
  } catch (error) {
    // What has vanished since its directory was read is simply not there.
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      visitor.unreadable(path);
    }
    return undefined;
  }
}
