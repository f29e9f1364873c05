import { refuseToAccept } from './accept.ts';
import type { Marker } from './marker.ts';
import type { Order } from './order.ts';
import type { Ending, Unanswered } from './ports.ts';
import { NameTaken } from './refusal.ts';
import { BEGINNING, isUnanswered, type Next, type Phase, type Writer } from './writer.ts';

/** Row 24: tries to claim, and writes nothing else, until it has or somebody newer has taken over. */
export async function unclaimed(writer: Writer): Promise<Phase> {
  for (;;) {
    const next = await writer.untilDone('claim', (seen) => step(writer, seen));
    if (next !== 'on') {
      return next;
    }
  }
}

async function step(writer: Writer, seen: Ending): Promise<Next | Unanswered> {
  const { table, host } = writer.parts;
  refuseToAccept(writer);
  const look = await writer.look();
  if (seen.sigterm && look.digest === writer.saved) {
    return 'ended';
  }
  const order = await writer.listOnce();
  if (isUnanswered(order)) {
    return order;
  }
  switch (table.chooseUnclaimed(order, writer.marker)) {
    case 'fenced':
      return 'fenced';
    case 'claimed':
      await writer.remember({ claimed: true, ...claimOf(order, writer.marker) });
      return 'live';
    default:
  }
  const held = table.heldAbove(order, writer.marker);
  if (held.length > 0) {
    host.tell('held', { archives: held });
  }
  const sequence = order.top + 1;
  const name = writer.lineageName(sequence);
  const comment = writer.describeRecord('claim', sequence, BEGINNING, true);
  const answer = await writer.create({ name, comment });
  if (isUnanswered(answer)) {
    return answer;
  }
  if (answer.kind === 'exists') {
    return { kind: 'error', failure: new NameTaken(name) };
  }
  host.tell('claimed', { archive: name, late: true });
  await writer.remember({ claimed: true, claim: sequence, last: sequence });
  return 'live';
}

/** What a claim that is there already says. */
function claimOf({ head }: Order, { claim, last }: Marker): Pick<Marker, 'claim' | 'last'> {
  return { claim: head?.comment.claim ?? claim, last: head?.sequence ?? last };
}
