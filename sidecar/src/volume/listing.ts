import type { BigIntStats } from 'node:fs';
import { toText } from './path.ts';
import { type Entry, type Pace, walk } from './walk.ts';

/** An entry that an archive is said to hold; see `Item` of the repository. */
export interface ListedEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly source: string;
}

/** What a restore must have kept, beside names, types and sizes. */
export interface Expectation {
  /** The archived owners, or else this user for every entry. */
  readonly owner: 'as-archived' | number;
  /** Without CAP_FSETID the kernel drops a set-group-ID bit for a group that is not one's own. */
  readonly mayLoseSetgid: boolean;
  /** The owners were changed after the extraction: a file then runs as nobody but who starts it. */
  readonly takenOver?: boolean;
}

const MOST_DIFFERENCES = 10;

/** How the volume differs from the listing of the archive that was extracted into it: a phrase each, at most ten. */
export async function findDifferences(
  volume: string,
  listing: readonly ListedEntry[],
  expectation: Expectation,
  pace: Pace,
): Promise<string[]> {
  const differences: string[] = [];
  const differ = (path: string, how: string) => {
    if (differences.length < MOST_DIFFERENCES) {
      differences.push(`${JSON.stringify(path)} ${how}`);
    }
  };
  // Names that are no UTF-8 may fall together, so each name has a list.
  const expected = Map.groupBy(listing, ({ path }) => path);
  const inodes = new Map<string, bigint[]>();
  const furtherNames: { entry: ListedEntry; inode: bigint }[] = [];
  await walk(
    volume,
    {
      unreadable: (path) => differ(toText(path), "can't be read"),
      enter({ path: bytes, stats }: Entry) {
        const path = toText(bytes);
        const candidates = expected.get(path) ?? [];
        const complaints = candidates.map((entry) => complaint(entry, stats, expectation));
        const match = complaints.indexOf(undefined);
        if (match >= 0) {
          const [entry] = candidates.splice(match, 1);
          if (entry?.mode.startsWith('h')) {
            furtherNames.push({ entry, inode: stats.ino });
          }
        } else {
          differ(path, complaints[0] ?? 'is not in the archive');
          candidates.shift();
        }
        inodes.set(path, [...(inodes.get(path) ?? []), stats.ino]);
        return true;
      },
    },
    pace,
  );
  for (const [path, left] of expected) {
    if (left.length > 0) {
      differ(path, 'is missing');
    }
  }
  for (const { entry, inode } of furtherNames) {
    if (!inodes.get(entry.source)?.includes(inode)) {
      differ(entry.path, `is not the same file as ${JSON.stringify(entry.source)}`);
    }
  }
  return differences;
}

function complaint(entry: ListedEntry, stats: BigIntStats, expectation: Expectation): string | undefined {
  const type = typeOf(stats);
  if (type !== entry.type) {
    return `is of type ${type}, not ${entry.type}`;
  }
  if (type === '-' && !entry.mode.startsWith('h') && stats.size !== BigInt(entry.size)) {
    return `has ${stats.size} bytes, not ${entry.size}`;
  }
  const mask = keptBits(type, expectation);
  const mode = BigInt(permissionBits(entry.mode));
  if (type !== 'l' && (stats.mode & mask) !== (mode & mask)) {
    return `has mode ${(stats.mode & 0o7777n).toString(8)}, not ${mode.toString(8)}`;
  }
  if (expectation.owner === 'as-archived') {
    if (stats.uid !== BigInt(entry.uid) || stats.gid !== BigInt(entry.gid)) {
      return `belongs to ${stats.uid}:${stats.gid}, not ${entry.uid}:${entry.gid}`;
    }
  } else if (stats.uid !== BigInt(expectation.owner)) {
    return `belongs to ${stats.uid}, not ${expectation.owner}`;
  }
  return undefined;
}

function keptBits(type: string, { takenOver = false, mayLoseSetgid }: Expectation): bigint {
  if (takenOver && type !== 'd') {
    return 0o1777n;
  }
  return mayLoseSetgid ? 0o5777n : 0o7777n;
}

function typeOf(stats: BigIntStats): string {
  if (stats.isFile()) return '-';
  if (stats.isDirectory()) return 'd';
  if (stats.isSymbolicLink()) return 'l';
  if (stats.isFIFO()) return 'p';
  return stats.isBlockDevice() ? 'b' : 'c';
}

/** The permission bits of a mode as `ls -l` shows it, such as `drwxr-sr-t`. */
export function permissionBits(mode: string): number {
  const special = [0o4000, 0o2000, 0o1000];
  return [...mode.slice(1)].reduce((bits, letter, at) => {
    const executes = at % 3 === 2;
    const ordinary = letter !== '-' && letter !== 'S' && letter !== 'T' ? 0o400 >> at : 0;
    const extra = executes && /[sStT]/.test(letter) ? (special[(at - 2) / 3] ?? 0) : 0;
    return bits | ordinary | extra;
  }, 0);
}
