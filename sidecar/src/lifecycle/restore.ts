import { BorgError } from '../borg/error.ts';
import type { Item, Listing } from '../borg/repository.ts';
import { NO_PARENT } from '../lineage/comment.ts';
import { findObstacle, type Newest, type Order, readOrder } from '../lineage/order.ts';
import { flush, freeBytes, takeOwnership, wipe } from '../volume/contents.ts';
import { findDifferences } from '../volume/listing.ts';
import { type Marker, readMarker, writeMarker } from '../volume/marker.ts';
import { decideOwners, type Owners } from '../volume/owners.ts';
import { RESERVED } from '../volume/reserved.ts';
import type { Context } from './context.ts';
import { EXIT, Fatal } from './exit.ts';
import { Refusal } from './failure.ts';
import { checkRepositoryId } from './repository-id.ts';

/** What a volume descends from. */
export type Origin = Pick<Marker, 'repo' | 'base' | 'chunker' | 'legacy'>;

/** Fills the volume with the newest archive of the set. One attempt: whatever fails, the next one begins anew. */
export async function restoreVolume(context: Context, writer: string): Promise<Origin> {
  const { settings, events, termination } = context;
  // An earlier attempt may have filled the disk: nothing is written to it before the volume is wiped.
  if ((await readMarker(settings.DATA_DIR))?.state !== 'restoring') {
    await writeMarker(settings.DATA_DIR, { state: 'restoring', writer, ...NO_ORIGIN });
  }
  events.setState('starting');
  const { listing, order } = await readRepository(context);
  await wipe(settings.DATA_DIR, termination.sigterm);
  if (order.newest === undefined) {
    startEmpty(context);
  } else {
    events.setState('restoring');
    await restoreArchive(context, order.newest);
  }
  await flush(settings.DATA_DIR);
  return originOf(listing, order);
}

/** Keeps the files of a volume that no archive stands against. */
export async function adoptVolume(context: Context): Promise<Origin> {
  const { listing, order } = await readRepository(context);
  if (order.newest !== undefined) {
    throw new Refusal(
      'volume-not-empty',
      `The volume ${context.settings.DATA_DIR} has files and the set has the archive ${order.newest.archive.name}: with ON_NONEMPTY_VOLUME=adopt only one of them may exist. Empty the volume to restore the archive, or choose another ARCHIVE_NAME.`,
    );
  }
  return originOf(listing, order);
}

const NO_ORIGIN: Origin = { repo: undefined, base: NO_PARENT, chunker: undefined, legacy: 0 };

function originOf(listing: Listing, { newest, legacy }: Order): Origin {
  const base = newest?.kind === 'data' ? { sequence: newest.comment.seq, id: newest.archive.id } : NO_PARENT;
  const chunker = newest?.kind === 'data' ? newest.comment.chunker : undefined;
  return { repo: listing.repositoryId, base, chunker, legacy };
}

async function readRepository(context: Context): Promise<{ listing: Listing; order: Order }> {
  const { settings, events } = context;
  const listing = await listOrInit(context);
  events.emit('repository', { id: listing.repositoryId, archives: listing.archives.length });
  checkRepositoryId(listing.repositoryId, settings.REPOSITORY_ID);
  const order = readOrder(settings.ARCHIVE_NAME, listing.archives);
  if (order.newest !== undefined && order.foreign.length > 0) {
    const message = `The repository holds archives that this version did not make and passes over: ${order.foreign.slice(0, 5).join(', ')}. If one of them is newer than ${order.newest.archive.name}, look at it before the application goes on.`;
    events.emit('warning', { name: 'foreign-archives', message });
  }
  const obstacle = findObstacle(settings.ARCHIVE_NAME, order);
  if (obstacle !== undefined) {
    throw new Refusal('foreign-archives', obstacle);
  }
  return { listing, order };
}

async function listOrInit({ repository, settings, termination, events }: Context): Promise<Listing> {
  try {
    return await repository.list(termination.sigterm);
  } catch (error) {
    if (!(settings.INIT_REPOSITORY && error instanceof BorgError && error.reason === 'repository-missing')) {
      throw error;
    }
    const { BORG_PASSPHRASE, BORG_PASSPHRASE_FILE, BORG_PASSCOMMAND } = settings;
    const encrypted = (BORG_PASSPHRASE ?? BORG_PASSPHRASE_FILE ?? BORG_PASSCOMMAND) !== undefined;
    await repository.init(encrypted ? 'repokey-blake2' : 'none', termination.sigterm);
    const message = `The repository ${repository.where.repository} was missing and is made. ${encrypted ? 'Keep its passphrase and what "borg key export" prints: without them nobody reads the archives. Now remove INIT_REPOSITORY and pin REPOSITORY_ID.' : 'It is not encrypted.'}`;
    events.emit('warning', { name: 'repository.created', message });
    return await repository.list(termination.sigterm);
  }
}

function startEmpty({ settings, events }: Context): void {
  if (settings.ON_EMPTY_REPOSITORY === 'fail') {
    throw new Fatal(
      EXIT.person,
      'empty-repository',
      `The set "${settings.ARCHIVE_NAME}" has no archive and ON_EMPTY_REPOSITORY is "fail": correct ARCHIVE_NAME or REPO_BASE, or set it to "start" for the first start.`,
    );
  }
  events.emit('restore.empty', {});
}

async function restoreArchive(context: Context, newest: Newest): Promise<void> {
  const { settings, events, world } = context;
  const { name } = newest.archive;
  const began = world.now();
  const bytes = newest.kind === 'data' ? newest.comment.bytes : undefined;
  if (newest.kind === 'data' && newest.comment.partial) {
    const lacks = newest.comment.lacks.join(', ') || 'see the log of the pod that made it';
    const message = `The archive ${name} is partial: entries were missing when it was made (${lacks}).`;
    events.emit('warning', { name: 'restore.partial', message });
  }
  await checkSpace(settings.DATA_DIR, name, bytes);
  events.emit('restore.started', { archive: name, bytes });
  const { items, owners } = await extractAndList(context, name);
  await settleOwners(context, owners);
  await verify(context, name, items, owners);
  events.emit('restore.done', {
    archive: name,
    entries: items.length,
    bytes: items.reduce((sum, item) => sum + (item.type === '-' ? item.size : 0), 0),
    seconds: (world.now() - began) / 1_000,
  });
}

async function checkSpace(volume: string, archive: string, bytes: number | undefined): Promise<void> {
  const free = await freeBytes(volume);
  if (bytes !== undefined && bytes > free) {
    throw new Refusal(
      'own-disk-full',
      `The archive ${archive} holds ${bytes} bytes, but the volume ${volume} has ${free} free: raise the sizeLimit of the volume or the node's space.`,
    );
  }
}

/** Extracts an archive while its listing is fetched; whichever fails ends the other. */
async function extractAndList(context: Context, name: string): Promise<{ items: Item[]; owners: Owners }> {
  const { settings, repository, events, termination, self, world } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([termination.sigterm, failed.signal]);
  const progress = { entries: 0, of: undefined as number | undefined };
  const timer = setInterval(() => events.emit('restore.progress', { ...progress }), world.waits.progress);
  const listing = repository.items(name, signal).then((all) => {
    const items = all.filter(
      ({ path }) => !RESERVED.some((ours) => path === ours || path.startsWith(`${ours}/`)),
    );
    progress.of = items.length;
    return { items, owners: allowedOwners(context, name, items) };
  });
  const extraction = repository.extract(
    {
      name,
      directory: settings.DATA_DIR,
      attributes: self.canSetAttributes,
      exclude: RESERVED.map((ours) => `pp:${ours}`),
      onEntry() {
        progress.entries += 1;
      },
    },
    signal,
  );
  try {
    const [result] = await Promise.all([listing, extraction]);
    return result;
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled([listing, extraction]);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

function allowedOwners({ self, events }: Context, name: string, items: readonly Item[]): Owners {
  const owners = decideOwners(items, self);
  const others = 'others' in owners ? owners.others.join(', ') : '';
  if (owners.kind === 'refused') {
    throw new Refusal(
      'owners',
      `The archive ${name} has files of several users (${others}, and the program runs as ${self.uid}), and only root can restore them: run as root with CHOWN, DAC_OVERRIDE and FOWNER, or set USER_UID to make all of them that user's.`,
    );
  }
  if (owners.kind === 'own' && others !== '' && !self.takesAll) {
    const message = `The files of the archive ${name} belong to user ${others} and are restored as user ${self.uid}'s, since only root could give them back.`;
    events.emit('warning', { name: 'restore.owner', message });
  }
  return owners;
}

async function settleOwners({ settings, self }: Context, owners: Owners): Promise<void> {
  // Root restores every owner as archived; where all is to be its own, it takes the files afterwards.
  if (owners.kind === 'own' && self.canChown) {
    await takeOwnership(settings.DATA_DIR, self);
  }
}

async function verify(context: Context, name: string, items: readonly Item[], owners: Owners): Promise<void> {
  const { settings, self, world, repository } = context;
  const damaged = items.filter(({ healthy }) => !healthy).map(({ path }) => path);
  if (damaged.length > 0) {
    throw new BorgError(
      'damaged',
      repository.where,
      `${name} lacks chunks of ${damaged.slice(0, 3).join(', ')}`,
    );
  }
  const expectation = {
    owner: owners.kind === 'as-archived' ? ('as-archived' as const) : self.uid,
    mayLoseSetgid: self.uid !== 0,
    takenOver: owners.kind === 'own' && self.canChown,
  };
  const differences = await findDifferences(settings.DATA_DIR, items, expectation, world);
  if (differences.length > 0) {
    throw new BorgError('incomplete', repository.where, differences.join('; '));
  }
}
