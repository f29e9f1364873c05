import type { Ending, Look, Unanswered } from './ports.ts';
import { NameTaken } from './refusal.ts';
import { forgetIncomplete } from './taken.ts';
import { named } from './tell.ts';
import { deleteNames } from './tidy.ts';
import { isUnanswered, type Next, type Phase, type Writer } from './writer.ts';

/** Rows 31 and 32: what this writer has still to save goes into forks, outside the order. */
export async function fenced(writer: Writer): Promise<Phase> {
  if (writer.marker.state !== 'fenced') {
    await writer.remember({ state: 'fenced' });
  }
  const told = { who: false };
  for (;;) {
    const next = await writer.untilDone('fork', (seen) => step(writer, seen, told));
    if (next !== 'on') {
      return next;
    }
  }
}

async function step(writer: Writer, seen: Ending, told: { who: boolean }): Promise<Next | Unanswered> {
  const { host, rules } = writer.parts;
  const look = await writer.look();
  if (seen.sigterm && look.digest === writer.saved) {
    return 'ended';
  }
  const unanswered = told.who ? undefined : await tellWhoTookOver(writer, told);
  if (unanswered !== undefined) {
    return unanswered;
  }
  if (look.digest !== writer.saved) {
    const forked = await saveFork(writer, look, seen);
    if (forked !== 'on') {
      return forked;
    }
  }
  if (!seen.sigterm) {
    host.recovered();
    await host.wait(rules.intervalMs, seen);
  }
  return 'on';
}

/** Row 31: by whom, as a list taken now shows it. The archive that was met may be of somebody who has lost, too. */
async function tellWhoTookOver(writer: Writer, told: { who: boolean }): Promise<Unanswered | undefined> {
  const order = await writer.listOnce();
  if (isUnanswered(order)) {
    return order;
  }
  told.who = true;
  writer.parts.host.tell('fenced', { by: order.head && named(order.head) });
  return undefined;
}

/** Row 32. */
async function saveFork(writer: Writer, look: Look, seen: Ending): Promise<'on' | Unanswered> {
  const { host, table } = writer.parts;
  const own = writer.marker.writer;
  const began = host.now();
  const order = await writer.listOnce();
  if (isUnanswered(order)) {
    return order;
  }
  const fork = table.chooseFork(order, own, writer.tries, look.digest);
  if (fork.saved) {
    writer.saved = look.digest;
    return 'on';
  }
  const archive = writer.forkName(fork.number);
  const comment = writer.describeData('fork', fork.number, look, table.sayEnding(seen));
  writer.tries.set(comment.try, look.digest);
  writer.saved = undefined;
  const answer = await writer.create({ name: archive, comment });
  if (isUnanswered(answer)) {
    forgetIncomplete(writer, comment, answer);
    return answer;
  }
  if (answer.kind === 'exists') {
    return { kind: 'error', failure: new NameTaken(archive) };
  }
  if (answer.incomplete !== undefined) {
    writer.tries.delete(comment.try);
    return { kind: 'error', failure: answer.incomplete };
  }
  writer.saved = writer.tries.get(comment.try);
  const seconds = (host.now() - began) / 1_000;
  host.tell('fork.done', { archive, final: comment.final, addedBytes: answer.addedBytes, seconds });
  const done = table.forksToDelete(order, own, fork.number);
  await deleteNames(writer, done);
  return 'on';
}
