import { BorgError } from '../borg/error.ts';
import type { Item, Lock } from '../borg/repository.ts';
import type { Newest } from '../lineage/order.ts';
import { Refusal } from '../lineage/refusal.ts';
import type { Settings } from '../settings.ts';
import { freeBytes, takeOwnership } from '../volume/contents.ts';
import { findDifferences } from '../volume/listing.ts';
import { decideOwners, type Owners } from '../volume/owners.ts';
import { RESERVED } from '../volume/reserved.ts';
import type { Context } from './context.ts';
import { bytesOf, Extracted } from './extracted.ts';
import { isPastLimit } from './limits.ts';
import { estimate } from './progress.ts';

/** What a restore works with; `DATA_DIR` says where to. */
export type Restoring = Pick<Context, 'settings' | 'repository' | 'events' | 'self' | 'world'>;

/** How an archive is read. */
export interface Reading {
  readonly signal: AbortSignal;
  readonly lock?: Lock;
}

/** What the predecessor's archives say of their size. */
const NOTHING_SAID = { files: undefined, bytes: undefined };

/** Extracts an archive into the empty volume, and compares the two. Whatever fails, the next attempt begins anew. */
export async function restoreArchive(context: Restoring, newest: Newest, how: Reading): Promise<void> {
  const { settings, events, world } = context;
  const { name } = newest.archive;
  const began = world.now();
  const { files, bytes } = newest.kind === 'data' ? newest.comment : NOTHING_SAID;
  if (newest.kind === 'data' && newest.comment.partial) {
    const lacks = newest.comment.lacks.join(', ') || 'see the log of the pod that made it';
    const message = `The archive ${name} is partial: entries were missing when it was made (${lacks}).`;
    events.emit('warning', { name: 'restore.partial', message });
  }
  await checkSpace(settings, name, bytes);
  events.emit('restore.started', { archive: name, bytes });
  const extracted = new Extracted(settings.DATA_DIR, { ofEntries: files, ofBytes: bytes });
  const { items, owners } = await extractAndList(context, name, { ...how, extracted });
  await settleOwners(context, owners);
  await verify(context, name, items, owners);
  events.emit('restore.done', {
    archive: name,
    entries: items.length,
    bytes: bytesOf(items),
    seconds: (world.now() - began) / 1_000,
  });
}

async function checkSpace(settings: Settings, archive: string, bytes = 0): Promise<void> {
  checkLimit(settings, archive, bytes);
  const volume = settings.DATA_DIR;
  const free = await freeBytes(volume);
  if (bytes > free) {
    throw new Refusal(
      'own-disk-full',
      `The archive ${archive} holds ${bytes} bytes, but the volume ${volume} has ${free} free: raise the sizeLimit of the volume or the node's space.`,
    );
  }
}

function checkLimit(settings: Settings, archive: string, bytes: number): void {
  if (isPastLimit(bytes, settings)) {
    throw new Refusal(
      'size-limit',
      `The archive ${archive} holds ${bytes} bytes, but VOLUME_SIZE_LIMIT is ${settings.VOLUME_SIZE_LIMIT}, and Kubernetes would end the pod: raise the volume's sizeLimit and this setting with it, or restore a smaller archive with RESTORE_ARCHIVE.`,
    );
  }
}

/** Extracts an archive while its listing is fetched; whichever fails ends the other. */
async function extractAndList(
  context: Restoring,
  name: string,
  { signal: until, lock, extracted }: Reading & { extracted: Extracted },
): Promise<{ items: Item[]; owners: Owners }> {
  const { settings, repository, events, self, world } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([until, failed.signal]);
  const began = world.uptime();
  const tell = () => {
    const seconds = (world.uptime() - began) / 1_000;
    events.emit('restore.progress', estimate({ ...extracted.measure(), seconds }));
  };
  const timer = setInterval(tell, world.waits.progress);
  const list = async () => {
    const onItem = (item: Item) => {
      if (!RESERVED.some((ours) => item.path === ours || item.path.startsWith(`${ours}/`))) {
        extracted.list(item);
      }
    };
    await repository.items(name, onItem, signal, lock);
    const { items } = extracted.listed();
    // An archive of the predecessor says only here how large it is.
    checkLimit(settings, name, bytesOf(items));
    return { items, owners: allowedOwners(context, name, items) };
  };
  const listing = list();
  const extraction = repository.extract(
    {
      name,
      directory: settings.DATA_DIR,
      attributes: self.canSetAttributes,
      exclude: RESERVED.map((ours) => `pp:${ours}`),
    },
    signal,
    lock,
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

function allowedOwners({ self, events }: Restoring, name: string, items: readonly Item[]): Owners {
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

async function settleOwners({ settings, self }: Restoring, owners: Owners): Promise<void> {
  // Root restores every owner as archived; where all is to be its own, it takes the files afterwards.
  if (owners.kind === 'own' && self.canChown) {
    await takeOwnership(settings.DATA_DIR, self);
  }
}

async function verify(
  context: Restoring,
  name: string,
  items: readonly Item[],
  owners: Owners,
): Promise<void> {
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
