import type { BytePath } from './path.ts';
import type { Entry } from './walk.ts';

/** Files whose format can't be archived while it is written: what is read may be no state that ever was. */
export interface FragileFormat {
  readonly format: string;
  /** Relative to the volume; empty: its root. */
  readonly directory: BytePath;
  /** When something in it was changed last: milliseconds since 1970. */
  readonly changedMs: number;
}

const FORMATS: readonly { readonly format: string; readonly name: RegExp }[] = [
  { format: 'PostgreSQL', name: /^PG_VERSION$/ },
  { format: 'MySQL or MariaDB (InnoDB)', name: /^ibdata1$/ },
  { format: 'MongoDB (WiredTiger)', name: /^WiredTiger\.wt$/ },
  { format: 'LevelDB or RocksDB', name: /^MANIFEST-\d{6}$/ },
  { format: 'BoltDB', name: /\.bolt(db)?$/ },
  { format: 'LMDB', name: /^data\.mdb$/ },
  { format: 'H2', name: /\.mv\.db$/ },
  { format: 'MapDB', name: /\.mapdb$/ },
  { format: 'Minecraft world', name: /^r\.-?\d+\.-?\d+\.mca$/ },
  { format: 'Prometheus', name: /^chunks_head$/ },
];
// One test for nearly all names, which are none of these.
const ANY = new RegExp(FORMATS.map(({ name }) => `(?:${name.source})`).join('|'));

/** Finds such files on a walk that visits a directory's own entries one after another, and those below it later. */
export class FormatSearch {
  readonly #found: { format: string; directory: BytePath; changedMs: number }[] = [];
  #directory: BytePath | undefined;
  #changedMs = 0;

  see({ path, stats }: Entry): void {
    const slash = path.lastIndexOf('/');
    const directory = path.slice(0, Math.max(slash, 0));
    const name = path.slice(slash + 1);
    const changedMs = stats.isDirectory() ? 0 : Number(stats.ctimeNs / 1_000_000n);
    if (directory !== this.#directory) {
      this.#directory = directory;
      this.#changedMs = 0;
    }
    this.#changedMs = Math.max(this.#changedMs, changedMs);
    if (ANY.test(name)) {
      this.#add(directory, name);
    }
    for (const found of this.#found) {
      if (found.directory === '' || path.startsWith(`${found.directory}/`)) {
        found.changedMs = Math.max(found.changedMs, changedMs);
      }
    }
  }

  end(): readonly FragileFormat[] {
    return this.#found;
  }

  #add(directory: BytePath, name: string): void {
    const format = FORMATS.find((one) => one.name.test(name))?.format ?? '';
    const isInside = (found: FragileFormat) =>
      found.format === format &&
      (found.directory === '' || `${directory}/`.startsWith(`${found.directory}/`));
    if (!this.#found.some(isInside)) {
      this.#found.push({ format, directory, changedMs: this.#changedMs });
    }
  }
}
