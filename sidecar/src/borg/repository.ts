import { join } from 'node:path';
import { type BorgEnvironment, type BorgOutcome, runBorg } from './command.ts';
import type { Created, Creation, Watcher } from './creation.ts';
import { BorgError, failedFor } from './error.ts';
import type { Where } from './reasons.ts';

/** An archive, as `borg list` names it. */
interface Archive {
  readonly name: string;
  readonly id: string;
  readonly comment: string;
  /** When it was made, by its maker's clock: milliseconds since 1970. */
  readonly time: number;
}

/** A repository and its archives, as one `borg list` showed them. */
export interface Listing {
  readonly repositoryId: string;
  readonly archives: readonly Archive[];
}

/** An entry of an archive. */
export interface Item {
  /** Relative to the volume; each byte that is no UTF-8 is a `?`, since Borg's JSON has no better. */
  readonly path: string;
  /** `-` file, `d` directory, `l` symbolic link, `p` fifo, `c` and `b` devices. */
  readonly type: string;
  /** As `ls -l` shows it; begins with `h` for a further name of a file. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file; 0 for its further names. */
  readonly size: number;
  /** Where a symbolic link points, or the first name of a file that has several. */
  readonly source: string;
  /** No chunk of it has been replaced by zeros in a repair. */
  readonly healthy: boolean;
}

/** What to extract. */
export interface Extraction {
  readonly name: string;
  readonly directory: string;
  readonly attributes: boolean;
  /** Patterns with their selectors. */
  readonly exclude: readonly string[];
}

/** One Borg repository, through the `borg` command. Each method throws `BorgError`, or the signal's reason. */
export class Repository {
  readonly where: Where;
  readonly #baseDirs: string;
  readonly #environment: () => Promise<BorgEnvironment>;
  #selfTest: Record<string, string> = {};

  /**
   * @param baseDirs holds Borg's base directories: `write` with the cache, `record` for records, `read` for all else,
   *   since commands that run at the same time disturb one another in a shared one
   * @param environment asked anew for each command, so that a rotated secret is used by the next one
   */
  constructor(where: Where, baseDirs: string, environment: () => Promise<BorgEnvironment>) {
    this.where = where;
    this.#baseDirs = baseDirs;
    this.#environment = environment;
  }

  /** Makes an empty repository. */
  async init(encryption: 'none' | 'repokey-blake2', signal: AbortSignal): Promise<void> {
    await this.#run('write', ['init', '--encryption', encryption, this.where.repository], { signal });
  }

  /** All archives, with their comments. */
  async list(signal: AbortSignal, lock: Lock = {}): Promise<Listing> {
    const args = ['list', '--json', '--format', '{comment}', this.where.repository];
    const { output } = await this.#run('read', args, { signal, lock });
    const { repository, archives } = JSON.parse(output) as {
      repository: { id: string };
      archives: { name: string; id: string; comment: string; time: string }[];
    };
    return {
      repositoryId: repository.id,
      archives: archives.map(({ name, id, comment, time }) => {
        return { name, id, comment, time: Date.parse(`${time}Z`) };
      }),
    };
  }

  /**
   * Tells the entries of an archive as they come, without the volume's root, and in the order in which they are extracted.
   * Beside an extraction it takes what that leaves of the processor.
   */
  async items(
    name: string,
    onItem: (item: Item) => void,
    signal: AbortSignal,
    lock: Lock = {},
  ): Promise<void> {
    const args = ['list', '--json-lines', '--format', '{size}', this.#archive(name)];
    let broken: string | undefined;
    const onOutput = (line: string) => {
      const item = readItem(line);
      if (item === undefined) {
        broken ??= line;
      } else if (item.path !== '.') {
        onItem(item);
      }
    };
    await this.#run('read', args, { signal, lock, onOutput, patient: true });
    // One that was killed may have written half a line; one that ended well has not.
    if (broken !== undefined) {
      throw new BorgError('bug', this.where, `the list of ${name} has the line ${JSON.stringify(broken)}`);
    }
  }

  /** Archives a directory. */
  async create(creation: Creation, signal: AbortSignal, watcher: Watcher = {}): Promise<Created> {
    const { directory, paths } = creation.staged ?? { directory: '', paths: [] };
    const args = [
      ...['create', '--json', '--list', '--filter', watcher.onRead ? 'AMCE' : 'E', '--numeric-ids'],
      ...(creation.record || creation.cold ? ['--no-cache-sync'] : []),
      ...['--comment', creation.comment, '--chunker-params', creation.chunker],
      ...['--compression', creation.compression, ...withoutAttributes(creation.attributes)],
      ...(creation.uploadLimitKibPerSecond === undefined
        ? []
        : ['--upload-ratelimit', String(creation.uploadLimitKibPerSecond)]),
      // Before the others, which would be matched with the path that the files really have.
      ...(paths.length > 0 ? ['--pattern', `+ pp:${directory}`] : []),
      ...creation.exclude.flatMap((pattern) => ['--exclude', pattern]),
      ...[this.#archive(creation.name), ...paths.map((path) => `${directory}/./${path}`), '.'],
    ];
    const unread: string[] = [];
    const raced: string[] = [];
    const outcome = await this.#run(creation.record ? 'record' : 'write', args, {
      cwd: creation.directory,
      signal,
      onStatus(status, path, msgid) {
        if (status !== 'E') {
          watcher.onRead?.(path);
        } else if (msgid !== 'BackupFileNotFoundError') {
          (msgid === 'BackupRaceConditionError' ? raced : unread).push(path);
          watcher.onLeftOut?.();
        }
      },
    });
    const { archive, repository } = JSON.parse(outcome.output) as {
      archive: { id: string; stats: { deduplicated_size: number } };
      repository: { id: string };
    };
    return {
      repositoryId: repository.id,
      id: archive.id,
      addedBytes: archive.stats.deduplicated_size,
      unread,
      raced,
    };
  }

  /** Deletes archives by their exact names, in one command. One that is not there does not matter. */
  async delete(names: readonly string[], signal: AbortSignal): Promise<void> {
    const [first = '', ...more] = names;
    await this.#run('write', ['delete', this.#archive(first), ...more], { signal });
  }

  /** Brings the cache up to date with the repository, so that a create finds it so. */
  async warm(signal: AbortSignal): Promise<void> {
    await this.#run('write', ['info', '--last', '1', this.where.repository], { signal });
  }

  /** @returns `kept`: the server only appends, and frees nothing */
  async compact(signal: AbortSignal): Promise<'freed' | 'kept'> {
    const args = ['compact', this.where.repository];
    return (await this.#says('compaction freed', 'write', args, signal)) ? 'freed' : 'kept';
  }

  /** Reads the repository's segments on the server, from where the last check has left off. */
  async check(seconds: number, signal: AbortSignal): Promise<'whole' | 'part'> {
    const most = ['--max-duration', String(Math.max(1, Math.floor(seconds)))];
    const args = ['check', '--repository-only', ...most, this.where.repository];
    return (await this.#says('finished partial', 'read', args, signal)) ? 'part' : 'whole';
  }

  /** Extracts an archive into a directory that must be empty. Any warning of borg's is a failure. */
  async extract(extraction: Extraction, signal: AbortSignal, lock: Lock = {}): Promise<void> {
    const args = [
      ...['extract', '--numeric-ids', ...withoutAttributes(extraction.attributes)],
      // The root's own owner and mode belong to the pod, and setting them fails under an fsGroup.
      ...['.', ...extraction.exclude].flatMap((pattern) => ['--exclude', pattern]),
      ...[this.#archive(extraction.name)],
    ];
    const { exitCode, messages } = await this.#run('read', args, {
      cwd: extraction.directory,
      signal,
      lock,
    });
    if (exitCode !== 0) {
      const words = messages.flatMap((message) => ('text' in message ? [message.text] : []));
      const full = words.some((word) => word.includes('[Errno 28]'));
      throw new BorgError(full ? 'own-disk-full' : 'incomplete', this.where, words[0]);
    }
  }

  /** Runs a command, and resolves with whether a line of what it says of itself begins so. */
  async #says(
    beginning: string,
    baseDir: 'read' | 'write',
    [command = '', ...args]: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    let said = false;
    const onInfo = (text: string) => {
      said ||= text.replace(FROM_SERVER, '').startsWith(beginning);
    };
    await this.#run(baseDir, [command, '--info', ...args], { signal, onInfo });
    return said;
  }

  async #run(
    baseDir: 'read' | 'write' | 'record',
    [command = '', ...args]: readonly string[],
    { lock = {}, ...options }: RunOptions,
  ): Promise<BorgOutcome> {
    const flags = ['--log-json', ...lockFlags(lock)];
    const run = async () => {
      const { variables, ...environment } = await this.#environment();
      const call = { args: [command, ...flags, ...args], baseDir: join(this.#baseDirs, baseDir), ...options };
      const outcome = await runBorg(call, this.where, {
        ...environment,
        variables: { ...variables, ...this.#selfTest },
      });
      // It takes a sixth of a short command, and borg's own words are to run it once per installation.
      this.#selfTest = { BORG_SELFTEST: 'disabled' };
      return outcome;
    };
    try {
      return await run();
    } catch (error) {
      // A read that began before another pod's commit can find its own view older than what was noted meanwhile.
      if (baseDir === 'read' && failedFor(error, 'rolled-back')) {
        return await run();
      }
      if (lock.past && error instanceof BorgError && ['bug', 'damaged'].includes(error.reason)) {
        // Another borg may be writing, or compacting, under this one's eyes.
        throw new BorgError('incomplete', this.where, error.message);
      }
      throw error;
    }
  }

  #archive(name: string): string {
    return `${this.where.repository}::${name}`;
  }
}

// Borg's client puts it before what the server's says.
const FROM_SERVER = /^Remote: /;

interface RunOptions {
  signal: AbortSignal;
  lock?: Lock;
  cwd?: string;
  patient?: boolean;
  onOutput?(line: string): void;
  onInfo?(text: string): void;
  onStatus?(status: string, path: string, msgid: string | undefined): void;
}

/** What to do about the repository's lock. */
export interface Lock {
  /** Go past it: only ever for what writes nothing. */
  readonly past?: boolean | undefined;
  /** How long to wait for it. */
  readonly waitMs?: number | undefined;
}

// A list or a save of another pod is over by then, mostly.
const LOCK_WAIT_MS = 5_000;

function lockFlags({ past = false, waitMs = LOCK_WAIT_MS }: Lock): string[] {
  const seconds = Math.ceil(Math.min(Math.max(waitMs, 0), LOCK_WAIT_MS) / 1_000);
  return past ? ['--bypass-lock'] : ['--lock-wait', String(seconds)];
}

function withoutAttributes(attributes: boolean): string[] {
  return attributes ? [] : ['--noacls', '--noxattrs', '--noflags'];
}

function readItem(line: string): Item | undefined {
  try {
    const { path, type, mode, uid, gid, size, source, healthy } = JSON.parse(line) as Item;
    return { path, type, mode, uid, gid, size, source, healthy };
  } catch {
    return undefined;
  }
}
