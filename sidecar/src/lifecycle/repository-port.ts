import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Created as BorgCreated, Creation as BorgCreation } from '../borg/creation.ts';
import { BorgError, failedFor } from '../borg/error.ts';
import type { Listing, Lock } from '../borg/repository.ts';
import { type Comment, writeComment } from '../lineage/comment.ts';
import type { Created, Creation, Listed, ListHow, RepositoryPort, Unanswered } from '../lineage/ports.ts';
import { RESERVED } from '../volume/reserved.ts';
import type { Context } from './context.ts';
import type { Prepared } from './databases.ts';
import type { LifecycleHost } from './host.ts';

// Enough to tell where to look.
const MOST_NAMED = 10;

/** The order's view of the repository: borg's commands, and their failures as answers. */
export class BorgRepositoryPort implements RepositoryPort {
  readonly #context: Context;
  readonly #host: LifecycleHost;
  /** Borg's cache knows the repository as it is: a create that finds it so is quick. */
  #isWarm = false;

  constructor(context: Context, host: LifecycleHost) {
    this.#context = context;
    this.#host = host;
  }

  async list({ pastLock, lockWaitMs, signal }: ListHow = {}): Promise<Listed | Unanswered> {
    return await this.#answer(async () => {
      const { repositoryId, archives } = await this.#listOrInit(this.#host.until(signal), {
        past: pastLock,
        waitMs: lockWaitMs,
      });
      return { kind: 'listed', repositoryId, archives };
    });
  }

  async create({ name, comment, signal }: Creation): Promise<Created | { kind: 'exists' } | Unanswered> {
    const until = this.#host.until(signal);
    let incomplete = false;
    const note = () => {
      incomplete = true;
    };
    const answer = await this.#answer(() =>
      comment.kind === 'data' || comment.kind === 'fork'
        ? this.#createFromVolume(name, comment, until, note)
        : this.#createRecord(name, comment, until),
    );
    if (!('failure' in answer)) {
      return answer;
    }
    const taken = failedFor(answer.failure, 'archive-exists');
    return taken ? { kind: 'exists' } : { ...answer, ...(incomplete ? { incomplete } : {}) };
  }

  async delete(names: readonly string[]): Promise<void> {
    await this.#context.repository.delete(names, this.#untilEnding());
  }

  async warm(): Promise<void> {
    await this.#context.repository.warm(this.#untilEnding());
    this.#isWarm = true;
  }

  async compact(): Promise<'freed' | 'kept'> {
    return await this.#context.repository.compact(this.#untilEnding());
  }

  async check(atMostMs: number): Promise<'whole' | 'part'> {
    return await this.#context.repository.check(atMostMs / 1_000, this.#untilEnding());
  }

  /** What nothing depends on ends where the end of the pod comes on. */
  #untilEnding(): AbortSignal {
    const { prestop, sigterm } = this.#context.termination;
    return AbortSignal.any([prestop, sigterm]);
  }

  async #createFromVolume(
    name: string,
    comment: Comment,
    signal: AbortSignal,
    onLeftOut: () => void,
  ): Promise<Created> {
    const { repository, calls, databases } = this.#context;
    await calls.beforeBackup(signal);
    const prepared = this.#host.ready ? await databases.prepare(signal) : undefined;
    try {
      const cold = comment.final && !this.#isWarm;
      const { consistent } = prepared ?? comment;
      const plain = creationOf(this.#context, name, { ...comment, consistent });
      const exclude = [...(prepared?.exclude ?? []), ...plain.exclude];
      const creation = { ...plain, exclude, cold, staged: prepared?.staged };
      const created = await repository.create(creation, signal, { onLeftOut, onRead: prepared?.onRead });
      this.#isWarm ||= !cold;
      return answerOf(created, this.#lacks(created, comment) ?? this.#findUnsteady(prepared));
    } finally {
      await prepared?.release();
      calls.afterBackup();
    }
  }

  #findUnsteady(prepared: Prepared | undefined): unknown {
    return this.#raced(prepared?.findUnsteady() ?? []);
  }

  #raced(paths: readonly string[]): BorgError | undefined {
    const { where } = this.#context.repository;
    return paths.length > 0
      ? new BorgError('raced', where, paths.slice(0, MOST_NAMED).join(', '))
      : undefined;
  }

  async #createRecord(name: string, comment: Comment, signal: AbortSignal): Promise<Created> {
    const { settings, repository } = this.#context;
    const records = join(settings.STATE_DIR, RECORDS);
    await mkdir(records, { recursive: true });
    const directory = await mkdtemp(join(records, `${comment.kind}-`));
    try {
      await writeFile(join(directory, `${comment.kind}.txt`), RECORD_TEXT[comment.kind](comment));
      const plain = { chunker: 'fixed,65536', compression: 'none', exclude: [], attributes: false };
      const text = writeComment(comment);
      const what = { ...plain, name, comment: text, directory, uploadLimitKibPerSecond: undefined };
      return answerOf(await repository.create({ ...what, record: true }, signal));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Why an archive has to be made anew: its comment is not true of what borg could read. */
  #lacks({ unread, raced }: BorgCreated, { lacks }: Comment): unknown {
    const { repository, unread: known } = this.#context;
    if (raced.length > 0) {
      return this.#raced(raced);
    }
    const before = known.paths;
    const walkedPast = unread.filter((path) => !lacks.includes(path) || before.has(path));
    known.paths = new Set(walkedPast);
    const same = walkedPast.length === before.size && walkedPast.every((path) => before.has(path));
    return same ? undefined : new BorgError('raced', repository.where, 'they can be read now and then');
  }

  async #listOrInit(signal: AbortSignal, lock: Lock): Promise<Listing> {
    const { repository, settings, events } = this.#context;
    try {
      return await repository.list(signal, lock);
    } catch (error) {
      if (this.#host.ready || !settings.INIT_REPOSITORY || !failedFor(error, 'repository-missing')) {
        throw error;
      }
      const { BORG_PASSPHRASE, BORG_PASSPHRASE_FILE, BORG_PASSCOMMAND } = settings;
      const encrypted = (BORG_PASSPHRASE ?? BORG_PASSPHRASE_FILE ?? BORG_PASSCOMMAND) !== undefined;
      await repository.init(encrypted ? 'repokey-blake2' : 'none', signal);
      const message = `The repository ${repository.where.repository} was missing and is made. ${encrypted ? 'Keep its passphrase and what "borg key export" prints: without them nobody reads the archives. Now remove INIT_REPOSITORY and pin REPOSITORY_ID.' : 'It is not encrypted.'}`;
      events.emit('warning', { name: 'repository.created', message });
      return await repository.list(signal);
    }
  }

  async #answer<Answer extends object>(ask: () => Promise<Answer>): Promise<Answer | Unanswered> {
    try {
      return await ask();
    } catch (failure) {
      this.#host.throwIfOver();
      const kind = failedFor(failure, 'locked')
        ? 'locked'
        : failedFor(failure, 'server-disk-full')
          ? 'full'
          : 'error';
      return { kind, failure };
    }
  }
}

/** An archive of the whole volume, as borg is told of it. */
export function creationOf(
  { settings, exclude, self }: Pick<Context, 'settings' | 'exclude' | 'self'>,
  name: string,
  comment: Comment,
): BorgCreation {
  return {
    ...{ name, comment: writeComment(comment), chunker: comment.chunker },
    directory: settings.DATA_DIR,
    compression: settings.COMPRESSION,
    uploadLimitKibPerSecond: settings.UPLOAD_LIMIT,
    exclude: [...RESERVED.map((ours) => `pp:${ours}`), ...exclude.lines],
    attributes: self.canSetAttributes,
  };
}

const RECORDS = 'records';

/** Removes what a container left that was killed while it made a record. */
export async function removeRecords(stateDir: string): Promise<void> {
  await rm(join(stateDir, RECORDS), { recursive: true, force: true });
}

const RECORD_TEXT = {
  claim: ({ writer, pod }: Comment) => `The writer ${writer}, pod ${pod}, has begun. This is no backup.\n`,
  close: ({ writer, pod, final }: Comment) =>
    `The writer ${writer}, pod ${pod}, ${final ? 'has ended' : 'is ending'}. This is no backup.\n`,
  data: () => '',
  fork: () => '',
};

function answerOf({ repositoryId, id, addedBytes }: BorgCreated, incomplete?: unknown): Created {
  return { kind: 'created', repositoryId, id, addedBytes, incomplete };
}
