import { isAccepting } from './accept.ts';
import type { Comment } from './comment.ts';
import type { Ending, Look, Unanswered } from './ports.ts';
import { refuseGone } from './refusals.ts';
import { saidBy } from './rows/live.ts';
import { basedOn, findTaken, forgetIncomplete } from './taken.ts';
import { tellGuard } from './tell.ts';
import { deleteDone, retain } from './tidy.ts';
import { keepUp, warmUp } from './upkeep.ts';
import { isUnanswered, type Next, type Phase, type Writer } from './writer.ts';

// What comes and goes faster than this is told, and waited for.
const MOST_INCOMPLETE = 3;
/** Row 29: a close acknowledges nothing, so it is not worth more. */
const MOST_CLOSE_TRIES = 3;

/** What a writer counts while it is live. */
interface Counts {
  incomplete: number;
  /** Tries to say the end after SIGTERM that failed. */
  closes: number;
  /** Only the end is left to say. */
  closing: boolean;
  /** The same, and the application has ended: there is nothing more to come that would have to be saved. */
  ended: boolean;
}

/** Rows 21a and 25 to 30: saves what changes while the application runs, and once more after SIGTERM. */
export async function live(writer: Writer): Promise<Phase> {
  await deleteDone(writer);
  await warmUp(writer);
  const counts: Counts = { incomplete: 0, closes: 0, closing: false, ended: false };
  const activity = () => (counts.closing ? 'close' : writer.ending.sigterm ? 'final save' : 'save');
  for (;;) {
    try {
      const next = await writer.untilDone(activity, (seen) => step(writer, seen, counts));
      if (next !== 'on') {
        return next;
      }
    } catch (error) {
      if (counts.ended) {
        return giveUpClosing(writer, error);
      }
      throw error;
    }
  }
}

async function step(writer: Writer, seen: Ending, counts: Counts): Promise<Next | Unanswered> {
  const { host, table, rules } = writer.parts;
  counts.ended = false;
  const beganMs = host.now();
  const look = await writer.look();
  const isUnsaved = isAccepting(writer) || look.digest !== writer.saved;
  const isUrgent = look.bytes > (rules.sizeLimitBytes ?? Number.POSITIVE_INFINITY);
  writer.schedule.looked({ digest: look.digest, isUnsaved, isUrgent, beganMs, tookMs: look.tookMs });
  const need = table.chooseNeed(isUnsaved, seen, writer.said);
  counts.closing = need === 'close';
  counts.ended = counts.closing && seen.sigterm;
  switch (need) {
    case 'end':
      return 'ended';
    case 'nothing':
      await rest(writer, seen);
      return 'on';
    case 'close':
      return await closeOrGiveUp(writer, seen, counts);
    case 'data':
      if (isDue(writer, seen)) {
        return await saveAndWait(writer, look, seen, counts);
      }
      await waitForLook(writer, seen);
      return 'on';
  }
}

/** Row 25: an unsaved change is saved by the schedule; at once if nothing is known to be saved, or somebody waits. */
function isDue(
  { parts: { host }, saved, schedule, accepting }: Writer,
  { prestop, sigterm }: Ending,
): boolean {
  const isAwaited = prestop || sigterm || accepting;
  return saved === undefined || isAwaited || schedule.dueAtMs <= host.now();
}

/** Nothing is unsaved: there is time for upkeep. */
async function rest(writer: Writer, seen: Ending): Promise<void> {
  await keepUp(writer);
  await waitForLook(writer, seen);
}

async function waitForLook({ parts: { host }, schedule }: Writer, seen: Ending): Promise<void> {
  host.recovered();
  await host.wait(Math.max(0, schedule.nextLookAtMs - host.now()), seen);
}

async function saveAndWait(
  writer: Writer,
  look: Look,
  seen: Ending,
  counts: Counts,
): Promise<Next | Unanswered> {
  const saved = await saveData(writer, look, seen);
  if (saved === 'incomplete') {
    counts.incomplete += 1;
    return counts.incomplete < MOST_INCOMPLETE ? 'on' : { kind: 'error', failure: writer.incomplete };
  }
  counts.incomplete = 0;
  if (saved !== 'saved') {
    return saved;
  }
  if (!seen.sigterm) {
    await rest(writer, seen);
  }
  return 'on';
}

/** Row 25: the next data archive. */
async function saveData(
  writer: Writer,
  look: Look,
  seen: Ending,
): Promise<'saved' | 'incomplete' | 'on' | 'fenced' | Unanswered> {
  const { host, rules, table } = writer.parts;
  await ensureMarker(writer);
  const began = host.now();
  const sequence = writer.marker.last + 1;
  const name = writer.lineageName(sequence);
  const guard = table.chooseGuard(writer.marker, look, rules.shrinkGuard, writer.accepting);
  const comment = { ...writer.describeData('data', sequence, look, table.sayEnding(seen)), guard };
  writer.tries.set(comment.try, look.digest);
  writer.saved = table.savedWhileCreating(writer.saved);
  host.tell('save.started', { archive: name, final: comment.final, files: look.files, bytes: look.bytes });
  const answer = await writer.create({ name, comment });
  if (answer.kind === 'exists') {
    return await afterExists(writer, sequence);
  }
  if (isUnanswered(answer)) {
    forgetIncomplete(writer, comment, answer);
    return answer;
  }
  if (answer.incomplete !== undefined) {
    writer.incomplete = answer.incomplete;
    await writer.remember(basedOn(comment, answer.id));
    return 'incomplete';
  }
  const { addedBytes } = answer;
  const tookMs = host.now() - began;
  const confirmed = await confirm(writer, comment, answer.id, { addedBytes, seconds: tookMs / 1_000 });
  if (confirmed === 'saved') {
    writer.schedule.saved(began, tookMs);
  }
  return confirmed;
}

/** Row 27, and with it row 26: a save counts once a list shows it as the head. */
async function confirm(
  writer: Writer,
  comment: Comment,
  id: string,
  cost: { addedBytes: number; seconds: number },
): Promise<'saved' | 'on' | 'fenced'> {
  const { host, table } = writer.parts;
  const order = await writer.list(comment.final ? 'final save' : 'save');
  if (!table.isHead(order, comment.try)) {
    // Where a person has deleted the archive, the own older one is the head: then it is only not saved.
    return order.head === undefined || order.head.comment.writer === writer.marker.writer ? 'on' : 'fenced';
  }
  const archive = writer.lineageName(comment.seq);
  tellGuard(writer, comment);
  await writer.remember({ ...basedOn(comment, id), added: writer.marker.added + cost.addedBytes });
  writer.saved = writer.tries.get(comment.try);
  writer.said = saidBy(comment);
  if (writer.accepting && comment.guard === '-') {
    writer.accepting = false;
    host.tell('accepted', { archive });
  }
  const { final, partial } = comment;
  host.tell('save.done', { archive, final, partial, ...cost });
  await retain(writer, order, comment.seq);
  return 'saved';
}

/** Rows 26a to 26c. */
async function afterExists(
  writer: Writer,
  sequence: number,
): Promise<'saved' | 'on' | 'fenced' | Unanswered> {
  const taken = await findTaken(writer, sequence);
  if (isUnanswered(taken)) {
    return taken;
  }
  if (taken.whose === 'other') {
    return 'fenced';
  }
  const { archive, comment } = taken.entry ?? {};
  return archive !== undefined && comment?.kind === 'data' && writer.tries.has(comment.try)
    ? await confirm(writer, comment, archive.id, { addedBytes: 0, seconds: 0 })
    : 'on';
}

/** Rows 25a and 29; after SIGTERM it is given up after three tries, and the end is as good. */
async function closeOrGiveUp(writer: Writer, seen: Ending, counts: Counts): Promise<Next | Unanswered> {
  const closed = await close(writer, seen);
  if (isUnanswered(closed) && seen.sigterm) {
    counts.closes += 1;
    return counts.closes < MOST_CLOSE_TRIES ? closed : giveUpClosing(writer, closed.failure);
  }
  return closed;
}

function giveUpClosing({ parts: { host } }: Writer, error: unknown): 'ended' {
  host.tell('close.failed', { error });
  return 'ended';
}

/** Row 25a: says that this writer is ending, or has ended. */
async function close(writer: Writer, seen: Ending): Promise<'on' | 'fenced' | Unanswered> {
  const { host, table } = writer.parts;
  const sequence = writer.marker.last + 1;
  const archive = writer.lineageName(sequence);
  const comment = writer.describeRecord('close', sequence, table.sayEnding(seen));
  const answer = await writer.create({ name: archive, comment });
  if (isUnanswered(answer)) {
    return answer;
  }
  if (answer.kind === 'created') {
    await writer.remember({ last: sequence });
    writer.said = saidBy(comment);
    host.tell('closed', { archive, final: comment.final });
    return 'on';
  }
  const taken = await findTaken(writer, sequence);
  if (isUnanswered(taken)) {
    return taken;
  }
  if (taken.whose === 'own') {
    writer.said = saidBy(taken.entry.comment);
    writer.saved = taken.entry.comment.kind === 'data' ? undefined : writer.saved;
  }
  return taken.whose === 'other' ? 'fenced' : 'on';
}

/** Row 25: the volume must still be the writer's before anything of it becomes the newest archive. */
async function ensureMarker(writer: Writer): Promise<void> {
  const { volume, table, host, rules } = writer.parts;
  const found = await volume.examine(writer.marker.writer);
  if (!table.mayArchive(found)) {
    throw refuseGone(rules.volume);
  }
  if (found === 'unmarked') {
    host.tell('marker.restored', {});
    await writer.remember({});
  }
}
