import { failedFor } from '../borg/error.ts';
import { Fatal } from '../lifecycle/exit.ts';
import { toFatal } from '../lifecycle/failure.ts';
import { creationOf } from '../lifecycle/repository-port.ts';
import { rulesOf } from '../lifecycle/rules.ts';
import { chooseChunker } from '../lineage/chunker.ts';
import type { Comment } from '../lineage/comment.ts';
import { LAST_SEQUENCE, lineageName } from '../lineage/names.ts';
import { type Newest, type Order, parentOf } from '../lineage/order.ts';
import { Refusal } from '../lineage/refusal.ts';
import { refuseFor } from '../lineage/refusals.ts';
import { isHead } from '../lineage/rows/live.ts';
import { inherit } from '../lineage/rows/start.ts';
import { readSet, type Session } from './connect.ts';

/** What is promoted: a fork or a data archive, whose comment says what it holds. */
export type Promoted = Extract<Newest, { kind: 'data' }>;

const MOST_NAMED = 3;
// A pod that saves all the time takes a number each time; more often than this is no chance.
const MOST_TRIES = 5;

/** Creates the next archive of the order from what was extracted, and sees that it is the head. */
export async function makeNewest(at: Session, subject: Promoted, first: Order): Promise<string> {
  const { settings, world, tell } = at;
  const writer = world.newId();
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const order = await whileLocked(at, () => readSet(at));
    refuseUsedUp(at, order);
    refuseOvertaken(first, order);
    const comment = describeNext(at, { subject, order, writer });
    const name = lineageName(settings.ARCHIVE_NAME, comment.seq);
    if ((await create(at, name, comment)) === 'made') {
      await confirm(at, name, comment);
      return name;
    }
    tell('warn', 'number.taken', `${name} was taken meanwhile: it begins anew from the list.`);
  }
  throw new Refusal(
    'overtaken',
    `The next number was taken ${MOST_TRIES} times by another pod, and nothing was changed: end that pod and promote again.`,
  );
}

/** A set whose numbers are used up has no newest archive to make. */
export function refuseUsedUp({ settings }: Session, { top }: Order): void {
  if (top >= LAST_SEQUENCE) {
    throw refuseFor(settings.ARCHIVE_NAME, { kind: 'numbers-used-up' });
  }
}

/** What was asked about must still be so: the same pod is the one that is replaced. */
function refuseOvertaken(first: Order, { head, legacy }: Order): void {
  if (head?.comment.writer !== first.head?.comment.writer || legacy !== first.legacy) {
    const by = head ? `${head.archive.name} of the pod ${head.comment.pod}` : 'another archive';
    throw new Refusal(
      'overtaken',
      `Another writer came between with ${by}, and nothing was changed: look at "borg-volume-sync list" and promote again if it is still right.`,
    );
  }
}

function describeNext(
  { settings, world }: Session,
  { subject, order, writer }: { subject: Promoted; order: Order; writer: string },
): Comment {
  const { comment: content } = subject;
  const before = order.newest?.kind === 'data' ? order.newest.comment : undefined;
  return {
    ...content,
    ...{ set: settings.ARCHIVE_NAME, kind: 'data', seq: order.top + 1, parent: parentOf(order.newest) },
    // No pod has the volume of this writer: its successor need not wait for it.
    ...{
      writer,
      try: world.newId(),
      pod: `${world.podName}/promote`,
      final: true,
      closing: true,
      late: false,
    },
    ...inherit(order),
    chunker: chooseChunker('auto', content.chunker, content.bytes),
    ...{ added: before?.added ?? 0, compacted: before?.compacted ?? 0, checked: before?.checked ?? 0 },
  };
}

/** The compare-and-swap: whether the name was free. An answer that is lost is looked up in a list. */
async function create(at: Session, name: string, comment: Comment): Promise<'made' | 'taken'> {
  const { repository, settings, self, signal } = at;
  const creation = creationOf(
    { settings, self, exclude: { lines: [], matches: () => false } },
    name,
    comment,
  );
  try {
    const { unread, raced } = await whileLocked(at, () => repository.create(creation, signal));
    const lacks = [...unread, ...raced];
    if (lacks.length > 0) {
      throw new Refusal(
        'incomplete',
        `${name} was made, but lacks what borg could not read (${lacks.slice(0, MOST_NAMED).join(', ')}): promote again.`,
      );
    }
    return 'made';
  } catch (error) {
    if (failedFor(error, 'archive-exists')) {
      return 'taken';
    }
    if (error instanceof Refusal || failedFor(error, 'locked')) {
      throw error;
    }
    const order = await readSet(at).catch(() => undefined);
    if (order?.data.some(({ comment: { try: made } }) => made === comment.try)) {
      return 'made';
    }
    if (order !== undefined) {
      throw error;
    }
    const { code, reason, message } = toFatal(error);
    const unknown = `"borg-volume-sync list" shows whether ${name} was made.`;
    throw new Fatal(code, reason, `${message} ${unknown}`, error);
  }
}

/** Row 27: it counts once a list shows it as the head. */
async function confirm(at: Session, name: string, comment: Comment): Promise<void> {
  const order = await whileLocked(at, () => readSet(at));
  if (!isHead(order, comment.try)) {
    const by = order.head ? `: ${order.head.archive.name} of the pod ${order.head.comment.pod} is newer` : '';
    throw new Refusal(
      'overtaken',
      `${name} was made, but another pod came between${by}, so it does not count: look at "borg-volume-sync list" and promote again if it is still right.`,
    );
  }
}

/** Tries again while another borg has the lock, which certainly means that nothing was done. */
async function whileLocked<T>(at: Session, act: () => Promise<T>): Promise<T> {
  const { world, settings, signal, tell } = at;
  const until = world.uptime() + rulesOf(settings, world).lockTimeoutMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!failedFor(error, 'locked') || world.uptime() >= until) {
        throw error;
      }
      tell('info', 'locked', 'Another borg has the repository locked: waiting for it.');
      await world.sleep(world.waits.retryFirst, signal);
    }
  }
}
