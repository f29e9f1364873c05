import { isUtf8 } from 'node:buffer';
import { type BigIntStats, lstatSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { tied } from '../../tied.ts';
import { type BytePath, fromText, toBytes, toText } from '../path.ts';
import { COMPANIONS } from './header.ts';
import { startDatabaseProcess } from './process.ts';

/** Longer than the grain of any time stamp, and than one transaction's writes usually are apart. */
const QUIET_MS = 1_000;
const MOST_TRIES = 3;
/** What must stay free beside a copy. */
const SPARE_BYTES = 64 * 1024 * 1024;
/** A copy of this size a second is slow for any disk. */
const LEAST_BYTES_PER_MS = 10_000;
const LEAST_MS = 60_000;

/** The clock that stamps files, and how to wait. */
export interface CopyClock {
  now(): number;
  wait(milliseconds: number, ...until: AbortSignal[]): Promise<void>;
}

interface Copy {
  /** What the original looked like; a copy that the online backup made is used once. */
  readonly stamp: string | undefined;
  readonly files: readonly string[];
}

/** A database and its companions, as `lstat` shows them. */
interface State {
  readonly stamp: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly newestChangeMs: number;
}

/** Copies of databases that nobody keeps still, each a state that existed. */
export class Copies {
  /** Holds the copies at their originals' paths. */
  readonly directory: string;
  readonly #volume: string;
  readonly #clock: CopyClock;
  readonly #copies = new Map<BytePath, Copy>();

  constructor(directory: string, volume: string, clock: CopyClock) {
    this.directory = directory;
    this.#volume = volume;
    this.#clock = clock;
  }

  /** The copied files, relative to the volume. */
  get files(): readonly string[] {
    return [...this.#copies.values()].flatMap(({ files }) => files);
  }

  /** Removes all copies but those of these databases. */
  async keepOnly(paths: ReadonlySet<BytePath>): Promise<void> {
    for (const path of this.#copies.keys()) {
      if (!paths.has(path)) {
        await this.#remove(path);
      }
    }
  }

  /**
   * Makes a copy of a database, or keeps the one that there is if the original has not changed since.
   *
   * @param alone the companions will not be archived: the copy must not need them
   * @returns why there is none
   */
  async bring(path: BytePath, alone: boolean, signal: AbortSignal): Promise<string | undefined> {
    if (!isUtf8(toBytes(path))) {
      return 'its name is no UTF-8';
    }
    try {
      const state = this.#look(path);
      if (!alone && this.#copies.get(path)?.stamp === state.stamp) {
        return undefined;
      }
      await this.#remove(path);
      const { bavail, bsize } = await statfs(dirname(this.directory));
      if (bavail * bsize < state.bytes + SPARE_BYTES) {
        return 'STATE_DIR has no space for a copy';
      }
      return (!alone && (await this.#copyQuiet(path, signal))) || (await this.#backUp(path, state, signal))
        ? undefined
        : 'it was written to all the time, and could not be opened';
    } catch (error) {
      signal.throwIfAborted();
      return (error as Error).message;
    }
  }

  /** A plain copy, which counts if nothing has changed shortly before and meanwhile. */
  async #copyQuiet(path: BytePath, signal: AbortSignal): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const quietInMs = this.#look(path).newestChangeMs + QUIET_MS - this.#clock.now();
      if (quietInMs > 0) {
        // No longer than this, whatever the clock that stamps the files says.
        await this.#clock.wait(Math.min(quietInMs, QUIET_MS) + 1, signal);
        signal.throwIfAborted();
      }
      const before = this.#look(path);
      if (before.newestChangeMs + QUIET_MS > this.#clock.now()) {
        continue;
      }
      const isCopied = await this.#fill(path, before.files, before.stamp, async (directory) => {
        const sources = before.files.map((file) => join(this.#volume, file));
        return (
          (await this.#copyFiles(sources, directory, before.bytes, signal)) &&
          this.#look(path).stamp === before.stamp
        );
      });
      if (isCopied) {
        return true;
      }
    }
    return false;
  }

  /** SQLite's own copy: one state of the database, for which whoever writes in rollback mode waits. */
  async #backUp(path: BytePath, { bytes }: State, signal: AbortSignal): Promise<boolean> {
    const source = join(this.#volume, toText(path));
    return await this.#fill(path, [toText(path)], undefined, async (directory) => {
      const target = join(directory, basename(source));
      const child = startDatabaseProcess('backup', source, target);
      const late = AbortSignal.any([signal, AbortSignal.timeout(longest(bytes))]);
      const onLate = () => child.kill('SIGKILL');
      late.addEventListener('abort', onLate);
      child.stdin.on('error', () => {}).end();
      child.stdout.resume();
      const { exitCode } = await child;
      late.removeEventListener('abort', onLate);
      signal.throwIfAborted();
      return exitCode === 0 && (await this.#copyAttributes(source, target, signal));
    });
  }

  /** Fills a directory, and moves what is in it to its place if all went well. */
  async #fill(
    path: BytePath,
    files: readonly string[],
    stamp: string | undefined,
    fill: (directory: string) => Promise<boolean>,
  ): Promise<boolean> {
    const target = dirname(join(this.directory, toText(path)));
    await mkdir(target, { recursive: true, mode: 0o700 });
    const directory = await mkdtemp(join(dirname(this.directory), 'copying-'));
    try {
      if (!(await fill(directory))) {
        return false;
      }
      for (const file of files) {
        await rename(join(directory, basename(file)), join(target, basename(file)));
      }
      this.#copies.set(path, { stamp, files });
      return true;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #remove(path: BytePath): Promise<void> {
    for (const file of this.#copies.get(path)?.files ?? []) {
      await rm(join(this.directory, file), { force: true });
    }
    this.#copies.delete(path);
  }

  async #copyFiles(
    sources: readonly string[],
    directory: string,
    bytes: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const args = ['--preserve=all', '--no-dereference', '--reflink=auto', '--', ...sources, directory];
    return await runCp(args, longest(bytes), signal);
  }

  async #copyAttributes(source: string, target: string, signal: AbortSignal): Promise<boolean> {
    return await runCp(['--attributes-only', '--preserve=all', '--', source, target], LEAST_MS, signal);
  }

  #look(path: BytePath): State {
    const root = fromText(this.#volume);
    const seen = ['', ...COMPANIONS].map((suffix) => {
      const stats = lstatSync(toBytes(`${root}/${path}${suffix}`), {
        bigint: true,
        throwIfNoEntry: suffix === '',
      }) as BigIntStats | undefined;
      return { file: toText(`${path}${suffix}`), stats };
    });
    const present = seen.filter(
      (one): one is { file: string; stats: BigIntStats } => one.stats !== undefined,
    );
    return {
      stamp: seen.map(({ stats }) => (stats ? stampOf(stats) : '-')).join('\n'),
      files: present.map(({ file }) => file),
      bytes: present.reduce((sum, { stats }) => sum + Number(stats.size), 0),
      newestChangeMs: Math.max(...present.map(({ stats }) => Number(stats.ctimeNs / 1_000_000n))),
    };
  }
}

/** Removes what a container left that was killed. */
export async function removeCopies(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const beside = await readdir(dirname(directory)).catch(() => []);
  for (const name of beside.filter((name) => name.startsWith('copying-'))) {
    await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function longest(bytes: number): number {
  return LEAST_MS + Math.ceil(bytes / LEAST_BYTES_PER_MS);
}

// It keeps owner, mode, times to the nanosecond and attributes as far as its user may, and shares blocks where it can.
async function runCp(args: readonly string[], timeout: number, signal: AbortSignal): Promise<boolean> {
  const { exitCode } = await execa(...tied('cp', ...args), {
    reject: false,
    timeout,
    cancelSignal: signal,
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
    cleanup: false,
  });
  signal.throwIfAborted();
  return exitCode === 0;
}
