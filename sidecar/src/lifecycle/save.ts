import { lstat } from 'node:fs/promises';
import { BorgError } from '../borg/error.ts';
import type { Created } from '../borg/repository.ts';
import { chooseChunker } from '../lineage/chunker.ts';
import { type Comment, writeComment } from '../lineage/comment.ts';
import { lineageName } from '../lineage/names.ts';
import { findObstacle, readOrder } from '../lineage/order.ts';
import { isEmpty } from '../volume/contents.ts';
import { type Fingerprint, takeFingerprint } from '../volume/fingerprint.ts';
import { type Marker, readMarker, writeMarker } from '../volume/marker.ts';
import { RESERVED } from '../volume/reserved.ts';
import type { Context } from './context.ts';
import { Refusal } from './failure.ts';
import { checkRepositoryId } from './repository-id.ts';
import type { Started } from './start.ts';

/** What is known of the pod's end when an archive is made. */
export interface Ending {
  /** Prestop or SIGTERM has come. */
  readonly closing: boolean;
  /** SIGTERM has come. */
  readonly final: boolean;
}

// Enough to tell where to look.
const MOST_NAMED = 10;

/** Finds out whether the volume has changed, and saves it. */
export class Saver {
  readonly #context: Context;
  readonly #root: { dev: number; ino: number };
  #marker: Marker;
  /** The digest of the volume as the newest confirmed archive holds it. */
  #saved: string | undefined;
  /** Entries that borg could not read although the walk had thought so. */
  #unread: ReadonlySet<string> = new Set();

  private constructor(context: Context, marker: Marker, root: { dev: number; ino: number }) {
    this.#context = context;
    this.#marker = marker;
    this.#root = root;
  }

  /** Begins with a volume whose gate is about to be opened. */
  static async begin(context: Context, { marker, saved }: Started): Promise<Saver> {
    const saver = new Saver(context, marker, await lstat(context.settings.DATA_DIR));
    if (saved) {
      saver.#saved = (await saver.#walk()).digest;
    }
    return saver;
  }

  /** Takes the volume's fingerprint. */
  async look(): Promise<Fingerprint> {
    const seen = await this.#walk();
    // What the walk sees by now is in the digest.
    this.#unread = new Set([...this.#unread].filter((path) => !seen.unreadable.includes(path)));
    const unreadable = [...seen.unreadable, ...this.#unread].sort();
    const fingerprint = { ...seen, unreadable };
    this.#context.events.emit('looked', { ...fingerprint, unsaved: this.isUnsaved(fingerprint) });
    return fingerprint;
  }

  /** Whether the newest archive holds something else than the volume did when the fingerprint was taken. */
  isUnsaved(fingerprint: Fingerprint): boolean {
    return fingerprint.digest !== this.#saved;
  }

  /** Whether the newest archive lacks entries for a reason that the fingerprint does not show, and that may have passed. */
  get lacksEntries(): boolean {
    return this.#unread.size > 0;
  }

  /**
   * Saves the volume under the set's next number.
   *
   * @returns false where the archive's comment is not true of what borg could read: save again
   */
  async save(fingerprint: Fingerprint, ending: Ending): Promise<boolean> {
    const { settings, repository, exclude, events, termination, self, world } = this.#context;
    const began = world.now();
    await this.#ensureMarker();
    const sequence = await this.#nextSequence();
    const name = lineageName(settings.ARCHIVE_NAME, sequence);
    const chunker = chooseChunker(settings.CHUNKER_PARAMS, this.#marker.chunker, fingerprint.bytes);
    const { files, bytes } = fingerprint;
    events.setState(ending.final ? 'stopping' : 'saving');
    events.emit('save.started', { archive: name, final: ending.final, files, bytes });
    const created = await repository.create(
      {
        name,
        comment: writeComment(this.#describe(sequence, chunker, fingerprint, ending)),
        directory: settings.DATA_DIR,
        chunker,
        compression: settings.COMPRESSION,
        uploadLimitKibPerSecond: settings.UPLOAD_LIMIT,
        exclude: [...RESERVED.map((ours) => `pp:${ours}`), ...exclude.lines],
        attributes: self.canSetAttributes,
      },
      termination.deadline,
    );
    this.#marker = { ...this.#marker, base: { sequence, id: created.id }, chunker };
    await this.#rememberBase();
    if (created.raced.length > 0) {
      throw new BorgError('raced', repository.where, created.raced.slice(0, MOST_NAMED).join(', '));
    }
    if (this.#hasNewlyUnread(created, fingerprint)) {
      return false;
    }
    this.#saved = fingerprint.digest;
    events.emit('save.done', {
      archive: name,
      final: ending.final,
      partial: fingerprint.unreadable.length > 0,
      addedBytes: created.addedBytes,
      seconds: (world.now() - began) / 1_000,
    });
    return true;
  }

  async #walk(): Promise<Fingerprint> {
    const { settings, exclude, world } = this.#context;
    return await takeFingerprint(settings.DATA_DIR, exclude.matches, world);
  }

  /** The archive is made, whatever becomes of the marker: all that a full disk costs is the next one's parent. */
  async #rememberBase(): Promise<void> {
    const { settings, events } = this.#context;
    await writeMarker(settings.DATA_DIR, this.#marker).catch((error) => {
      const message = `The marker in ${settings.DATA_DIR} can't be written (${error.message}); the archive is made all the same.`;
      events.emit('warning', { name: 'marker.failed', message });
    });
  }

  /** The volume must still be the one that was restored, before anything of it becomes the newest archive. */
  async #ensureMarker(): Promise<void> {
    const { settings, events } = this.#context;
    const marker = await readMarker(settings.DATA_DIR);
    if (marker !== undefined && marker.writer === this.#marker.writer) {
      return;
    }
    const { dev, ino } = await lstat(settings.DATA_DIR);
    const sameRoot = dev === this.#root.dev && ino === this.#root.ino;
    if (marker !== undefined || !sameRoot || (await isEmpty(settings.DATA_DIR))) {
      throw new Refusal(
        'volume-vanished',
        `The volume ${settings.DATA_DIR} is not the one that was restored any more, or was emptied: it is not saved. Delete the pod, and its successor restores the newest archive.`,
      );
    }
    await writeMarker(settings.DATA_DIR, this.#marker);
    const message = `The marker in ${settings.DATA_DIR} was deleted, probably by the application when it cleaned up: it is back.`;
    events.emit('warning', { name: 'marker.restored', message });
  }

  /** Asks the repository, which must be the one that the volume came from, for the next free number. */
  async #nextSequence(): Promise<number> {
    const { settings, repository, termination, events } = this.#context;
    const listing = await repository.list(termination.deadline);
    events.emit('repository', { id: listing.repositoryId, archives: listing.archives.length });
    checkRepositoryId(listing.repositoryId, settings.REPOSITORY_ID);
    if (listing.repositoryId !== this.#marker.repo) {
      throw new Refusal(
        'wrong-repository',
        `The repository has the id ${listing.repositoryId}, but the volume was restored from ${this.#marker.repo}: nothing is written to it. Bring that one back, or delete the pod to start from what this one holds.`,
      );
    }
    const order = readOrder(settings.ARCHIVE_NAME, listing.archives);
    const obstacle = findObstacle(settings.ARCHIVE_NAME, order);
    if (obstacle !== undefined) {
      throw new Refusal('foreign-archives', obstacle);
    }
    return order.top + 1;
  }

  #describe(seq: number, chunker: string, fingerprint: Fingerprint, ending: Ending): Comment {
    const { settings, world } = this.#context;
    return {
      set: settings.ARCHIVE_NAME,
      kind: 'data',
      seq,
      parent: this.#marker.base,
      writer: this.#marker.writer,
      try: world.newId(),
      pod: world.podName,
      ...ending,
      late: false,
      // Nothing makes databases consistent yet, so none is promised to be.
      consistent: false,
      partial: fingerprint.unreadable.length > 0,
      lacks: fingerprint.unreadable,
      files: fingerprint.files,
      bytes: fingerprint.bytes,
      chunker,
      app: settings.APP_VERSION ?? '',
      restore: '-',
      guard: '-',
      legacy: this.#marker.legacy,
      added: 0,
      compacted: 0,
      checked: 0,
    };
  }

  #hasNewlyUnread({ unread }: Created, { unreadable }: Fingerprint): boolean {
    const walkedPast = unread.filter((path) => !unreadable.includes(path) || this.#unread.has(path));
    const fresh = walkedPast.some((path) => !this.#unread.has(path));
    const readAgain = [...this.#unread].some((path) => !unread.includes(path));
    this.#unread = new Set(walkedPast);
    // An archive that holds what it says it lacks is made anew, too.
    return fresh || readAgain;
  }
}
