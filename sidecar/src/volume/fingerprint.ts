import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { type BytePath, fromText, toBytes, toMatchable, toText } from './path.ts';
import { COMPANIONS, SHARED_MEMORY } from './sqlite/header.ts';
import { type Entry, type Pace, walk } from './walk.ts';

/** What the volume looked like at one moment. */
export interface Fingerprint {
  /** Differs where anything that an archive would hold has changed. */
  readonly digest: string;
  /** Entries other than directories. */
  readonly files: number;
  /** The sizes of all files, each counted once however many names it has. */
  readonly bytes: number;
  /** When an entry was changed last: milliseconds since 1970, by the node’s clock. */
  readonly newestChangeMs: number;
  /** Paths that can't be read and so can't be archived. */
  readonly unreadable: readonly string[];
}

/** Whether a path is left out of archives. */
export type IsExcluded = (path: string) => boolean;

/**
 * Takes the fingerprint of a volume: of each entry path, type, mode, owner, size, times and inode, of directories only
 * path, mode and owner, since their entries say the rest. Nothing is read but names and stats.
 *
 * @param see gets each entry that an archive would hold
 */
export async function takeFingerprint(
  directory: string,
  isExcluded: IsExcluded,
  pace: Pace,
  see: (entry: Entry) => void = () => {},
): Promise<Fingerprint> {
  const hash = createHash('sha256');
  const severalNames = new Set<bigint>();
  const unreadable: BytePath[] = [];
  let files = 0;
  let bytes = 0n;
  let newestChangeNs = 0n;
  const visitor = {
    unreadable: (path: BytePath) => void unreadable.push(path),
    enter(entry: Entry): boolean {
      const { path, stats } = entry;
      // Borg archives no sockets.
      if (isExcluded(toMatchable(path)) || stats.isSocket()) {
        return false;
      }
      if (!isReadable(directory, entry)) {
        unreadable.push(path);
        hash.update(`unreadable ${path}\0`, 'latin1');
      }
      const companion = companionKind(entry);
      if (isSqliteScratch(entry, companion)) {
        return false;
      }
      hash.update(describe(entry, companion), 'latin1');
      see(entry);
      if (!stats.isDirectory()) {
        files += 1;
        newestChangeNs = stats.ctimeNs > newestChangeNs ? stats.ctimeNs : newestChangeNs;
        const counted = stats.nlink > 1n && severalNames.has(stats.ino);
        if (stats.nlink > 1n) {
          severalNames.add(stats.ino);
        }
        bytes += stats.isFile() && !counted ? stats.size : 0n;
      }
      return true;
    },
  };
  await walk(directory, visitor, pace);
  return {
    digest: hash.digest('hex'),
    files,
    bytes: Number(bytes),
    newestChangeMs: Number(newestChangeNs / 1_000_000n),
    unreadable: [...new Set(unreadable)].map(toText).sort(),
  };
}

function describe({ path, stats }: Entry, companion: string | undefined): string {
  const always = `${path}\0${stats.mode} ${stats.uid} ${stats.gid}`;
  if (stats.isDirectory()) {
    return `${always}\n`;
  }
  // SQLite as root sets the owner of these whenever it opens them: unixOpen in its os_unix.c. A write sets both times.
  const changed = companion === undefined ? stats.ctimeNs : stats.mtimeNs;
  return `${always} ${stats.size} ${stats.mtimeNs} ${changed} ${stats.ino}\n`;
}

/** Files that SQLite makes by merely opening a database: a `-shm`, and a `-wal` without content. */
function isSqliteScratch({ stats }: Entry, companion: string | undefined): boolean {
  return companion === SHARED_MEMORY || (companion === '-wal' && stats.size === 0n);
}

/** What a file is to the database whose name it bears, if that lies beside it. */
function companionKind({ path, stats, siblings }: Entry): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kind = [SHARED_MEMORY, ...COMPANIONS].find((suffix) => name.endsWith(suffix));
  return kind && stats.isFile() && siblings.has(name.slice(0, -kind.length)) ? kind : undefined;
}

function isReadable(directory: string, { path, stats }: Entry): boolean {
  const needed = stats.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK;
  if (!stats.isDirectory() && !stats.isFile()) {
    return true;
  }
  const bits = stats.isDirectory() ? 0o500n : 0o400n;
  if (stats.uid === BigInt(process.geteuid?.() ?? -1) && (stats.mode & bits) === bits) {
    return true;
  }
  try {
    accessSync(toBytes(`${fromText(directory)}/${path}`), needed);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
