import type { Comment } from './comment.ts';
import type { Unanswered } from './ports.ts';
import type { Target } from './rows/start.ts';
import { basedOn, findTaken } from './taken.ts';
import { tellGuard } from './tell.ts';
import { BEGINNING, isUnanswered, type Writer } from './writer.ts';

/** What was asked for is no loss, however much smaller it is. */
const WHOLE = 1;

/**
 * Row 19: saves what was asked for as the newest, so that it is asked for once.
 *
 * @returns whether it is; if not, another writer came between
 */
export async function recordRequest(writer: Writer, { archive }: Target): Promise<boolean> {
  const { rules, table, host } = writer.parts;
  writer.marker = { ...writer.marker, restore: rules.request?.hash ?? '-' };
  const made = await makeRecord(writer);
  if (made === 'overtaken' || !table.isHead(await writer.list('start'), made.try)) {
    return false;
  }
  tellGuard(writer, made);
  host.tell('requested', { archive: writer.lineageName(made.seq), restored: archive?.archive.name ?? '' });
  return true;
}

/** Whatever is made without being known to be complete is followed by another: the next start restores the newest. */
async function makeRecord(writer: Writer): Promise<Comment | 'overtaken'> {
  for (;;) {
    const made = await writer.untilDone('start', () => tryRecord(writer));
    if (made !== 'again') {
      return made;
    }
  }
}

async function tryRecord(writer: Writer): Promise<Comment | 'again' | 'overtaken' | Unanswered> {
  const { volume, table } = writer.parts;
  const look = await volume.look();
  const sequence = writer.marker.last + 1;
  const guard = table.chooseGuard(writer.marker, look, WHOLE);
  const comment = { ...writer.describeData('data', sequence, look, BEGINNING), guard };
  const answer = await writer.create({ name: writer.lineageName(sequence), comment });
  if (isUnanswered(answer)) {
    return answer;
  }
  if (answer.kind === 'exists') {
    const taken = await findTaken(writer, sequence);
    return isUnanswered(taken) ? taken : taken.whose === 'other' ? 'overtaken' : 'again';
  }
  writer.marker = { ...writer.marker, ...basedOn(comment, answer.id) };
  if (answer.incomplete !== undefined) {
    writer.lacking = answer.id;
    return { kind: 'error', failure: answer.incomplete };
  }
  return comment;
}
