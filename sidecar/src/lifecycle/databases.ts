import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { takeFingerprint } from '../volume/fingerprint.ts';
import { FormatSearch, type FragileFormat } from '../volume/formats.ts';
import { type BytePath, fromText, toBytes, toMatchable, toText } from '../volume/path.ts';
import { Copies } from '../volume/sqlite/copies.ts';
import { DatabaseFinder } from '../volume/sqlite/finder.ts';
import { COMPANIONS, isDatabase, SHARED_MEMORY } from '../volume/sqlite/header.ts';
import { Hold } from '../volume/sqlite/hold.ts';
import type { Entry } from '../volume/walk.ts';
import type { Context } from './context.ts';

/** Where the copies of databases are, in STATE_DIR. */
export const COPIES = 'databases';

/** How an archive is to be made, so that what it says of its databases is true. */
export interface Prepared {
  readonly consistent: boolean;
  /** Copies that are archived in place of their originals. */
  readonly staged: { readonly directory: string; readonly paths: readonly string[] };
  /** Patterns with their selectors. */
  readonly exclude: readonly string[];
  /** Sees each entry that borg reads. */
  onRead(path: string): void;
  /** Databases that borg found otherwise than they had been prepared, once it has ended. */
  findUnsteady(): readonly string[];
  /** Lets go of what was held. */
  release(): Promise<void>;
}

type Surroundings = Pick<Context, 'settings' | 'exclude' | 'events' | 'world'>;

// A format that has been left alone for this long will probably be so until the archive is made.
const SETTLED_MS = 10_000;
// Each is some hundred bytes of borg's command line.
const MOST_COPIES = 1_000;
const COPIES_AT_ONCE = 4;
// What makes new databases all the time is not waited for longer.
const MOST_UNSTEADY = 2;
const MOST_NAMED = 10;

/** Keeps databases as they are while borg reads the volume, or copies them, so that an archive holds states that existed. */
export class Databases {
  readonly #context: Surroundings;
  readonly #finder: DatabaseFinder;
  readonly #copies: Copies;
  readonly #root: BytePath;
  #found: readonly BytePath[] = [];
  #formats: readonly FragileFormat[] = [];
  #unsteadyInARow = 0;
  #toldRaw = '';
  readonly #toldFormats = new Set<string>();

  constructor(context: Surroundings) {
    const { settings, world } = context;
    const { DATA_DIR, STATE_DIR } = settings;
    this.#context = context;
    this.#root = fromText(DATA_DIR);
    this.#finder = new DatabaseFinder(DATA_DIR);
    this.#copies = new Copies(join(STATE_DIR, COPIES), DATA_DIR, {
      now: () => world.now(),
      wait: (milliseconds, ...until) => world.sleep(milliseconds, ...until),
    });
  }

  /** One walk over the volume that looks for databases beside whatever else it is for. */
  search(): { see(entry: Entry): void; end(): void } {
    const { now, uptime } = this.#context.world;
    if (this.#context.settings.SQLITE === 'off') {
      return { see() {}, end() {} };
    }
    const databases = this.#finder.begin({ now: now(), uptime: uptime() });
    const formats = new FormatSearch();
    return {
      see(entry) {
        databases.see(entry);
        formats.see(entry);
      },
      end: () => {
        this.#found = databases.end();
        this.#formats = formats.end();
      },
    };
  }

  /** Begins what `release` ends. Rejects with the signal's reason alone. */
  async prepare(signal: AbortSignal): Promise<Prepared> {
    const { settings } = this.#context;
    if (settings.SQLITE === 'off') {
      return { ...NOTHING, staged: { directory: this.#copies.directory, paths: [] } };
    }
    if (settings.PRE_BACKUP_URL !== undefined) {
      await this.#searchAgain();
    }
    const { hold, raw } = await this.#steady(signal);
    this.#tellRaw(raw);
    const changing = this.#tellFormats();
    const consistent = raw.size === 0 && !changing && this.#unsteadyInARow < MOST_UNSTEADY;
    return this.#describe(hold, consistent);
  }

  /** Whoever was called before the archive may have made files. */
  async #searchAgain(): Promise<void> {
    const { settings, exclude, world } = this.#context;
    const { see, end } = this.search();
    await takeFingerprint(settings.DATA_DIR, exclude.matches, world, see);
    end();
  }

  /** @returns why some databases are archived as they lie */
  async #steady(signal: AbortSignal): Promise<{ hold: Hold; raw: Map<BytePath, string> }> {
    const open = this.#found.filter(
      (path) => this.#exists(`${path}${SHARED_MEMORY}`) && !this.#isAlone(path),
    );
    const hold = await Hold.begin(this.#root, open);
    try {
      const others = this.#found.filter((path) => !hold.held.has(path) && this.#exists(path));
      const copied = others.slice(0, MOST_COPIES);
      const raw = new Map(
        others.slice(MOST_COPIES).map((path) => [path, `more than ${MOST_COPIES} would have to be copied`]),
      );
      await this.#copies.keepOnly(new Set(copied));
      const queue = copied.values();
      const work = async () => {
        for (const path of queue) {
          const problem = await this.#copies.bring(path, this.#isAlone(path), signal);
          if (problem !== undefined && this.#exists(path)) {
            const refusal = hold.refused.get(path);
            raw.set(path, refusal === undefined ? problem : `${problem}; held: ${refusal}`);
          }
        }
      };
      await Promise.all(Array.from({ length: COPIES_AT_ONCE }, work));
      return { hold, raw };
    } catch (error) {
      await hold.release();
      throw error;
    }
  }

  #describe(hold: Hold, consistent: boolean): Prepared {
    const inodes = new Map([...hold.held].map((path) => [path, this.#inode(path)]));
    const copied = this.#copies.files;
    const suffixes = ['', SHARED_MEMORY, ...COMPANIONS];
    const prepared = new Set(
      this.#found.flatMap((path) => suffixes.map((suffix) => toText(`${path}${suffix}`))),
    );
    const appeared: string[] = [];
    const isAsPrepared = (path: string) =>
      prepared.has(path) || !isDatabase(`${this.#root}/${fromText(path)}`);
    return {
      consistent,
      staged: { directory: this.#copies.directory, paths: copied },
      exclude: this.#excluded(hold),
      onRead: (path) => {
        if (consistent && !isAsPrepared(path)) {
          appeared.push(path);
        }
      },
      findUnsteady: () => {
        const held = [...hold.held].filter((path) => hold.lost || this.#inode(path) !== inodes.get(path));
        const unsteady = consistent ? [...appeared, ...held.map(toText)] : [];
        this.#unsteadyInARow = unsteady.length > 0 ? this.#unsteadyInARow + 1 : 0;
        return unsteady;
      },
      release: () => hold.release(),
    };
  }

  /** The originals of copies, and what nobody but those who have a database open can use. */
  #excluded(hold: Hold): string[] {
    const copied = new Set(this.#copies.files);
    return this.#found
      .filter((path) => hold.held.has(path) || copied.has(toText(path)))
      .flatMap((path) => {
        const originals = copied.has(toText(path)) ? ['', ...COMPANIONS] : [];
        return [...originals, SHARED_MEMORY].map((suffix) => `pf:${toText(`${path}${suffix}`)}`);
      });
  }

  #tellRaw(raw: ReadonlyMap<BytePath, string>): void {
    const names = [...raw.keys()].sort().join('\0');
    if (raw.size > 0 && names !== this.#toldRaw) {
      const some = [...raw].slice(0, MOST_NAMED).map(([path, why]) => `${toText(path)} (${why})`);
      const more = raw.size > some.length ? ` and ${raw.size - some.length} more` : '';
      const message = `${raw.size} SQLite databases are archived as they lie, which may be in the middle of a write, and their archives say consistent=0: ${some.join(', ')}${more}. Give STATE_DIR the space for a copy and the sidecar the right to read and lock them, or let the application dump them (PRE_BACKUP_URL) and EXCLUDE the originals.`;
      this.#context.events.emit('warning', { name: 'database.raw', message });
    }
    this.#toldRaw = names;
  }

  /** @returns whether one of them is being written to */
  #tellFormats(): boolean {
    const { events, world } = this.#context;
    for (const { format, directory } of this.#formats) {
      const where = toText(directory) || 'the root';
      if (!this.#toldFormats.has(`${format} ${where}`)) {
        this.#toldFormats.add(`${format} ${where}`);
        const message = `${where} of the volume holds files of ${format}, which can't be archived reliably while they are written: archives made meanwhile say consistent=0. Let the application dump them (PRE_BACKUP_URL), or rely on the last save, after it has stopped.`;
        events.emit('warning', { name: 'format.fragile', message });
      }
    }
    return this.#formats.some(({ changedMs }) => changedMs + SETTLED_MS > world.now());
  }

  /** Whether EXCLUDE keeps a part of a database out of archives: then what is archived must not need it. */
  #isAlone(path: BytePath): boolean {
    return COMPANIONS.some((suffix) => this.#context.exclude.matches(toMatchable(`${path}${suffix}`)));
  }

  #exists(path: BytePath): boolean {
    return this.#inode(path) !== undefined;
  }

  #inode(path: BytePath): bigint | undefined {
    try {
      return lstatSync(toBytes(`${this.#root}/${path}`), { bigint: true }).ino;
    } catch {
      return undefined;
    }
  }
}

const NOTHING: Omit<Prepared, 'staged'> = {
  consistent: false,
  exclude: [],
  onRead() {},
  findUnsteady: () => [],
  async release() {},
};
