import { backOff, isGivenUp } from './lock.ts';
import { type Order, parentOf } from './order.ts';
import type { Unanswered } from './ports.ts';
import { named } from './tell.ts';
import { BEGINNING, isUnanswered, type Writer } from './writer.ts';

/** A claim that a list has confirmed. */
export interface Claim {
  readonly sequence: number;
  /** Records below it, which have done their work. */
  readonly done: readonly string[];
}

/**
 * Rows 14 and 15: claims the next number; the same one, with a new try each time, until the answer tells whose it is.
 *
 * @returns the number; `undefined` if another writer was faster; what stands against it where the lock is held for too
 *   long or the disk is full
 */
export async function makeClaim(writer: Writer, first: Order): Promise<number | Unanswered | undefined> {
  const { table, host } = writer.parts;
  const own = writer.marker.writer;
  const { sequence, won } = table.chooseClaim(first, own);
  if (won) {
    return sequence;
  }
  const name = writer.lineageName(sequence);
  for (;;) {
    const seen = writer.ending;
    const began = host.now();
    const comment = {
      ...writer.describeRecord('claim', sequence, BEGINNING),
      ...{ parent: parentOf(first.newest), ...table.inherit(first) },
    };
    const answer = await writer.create({ name, comment });
    if (answer.kind === 'created') {
      return sequence;
    }
    const found = answer.kind === 'exists' ? await writer.findExisting(name) : answer;
    if (!isUnanswered(found)) {
      if (table.whoseName(found.entry, own) === 'own') {
        return sequence;
      }
      host.tell('claim.lost', { archive: name, to: found.entry && named(found.entry) });
      return undefined;
    }
    if (await isGivenUp(writer, found, began)) {
      return found;
    }
    await backOff(writer, found, seen);
  }
}

/** Row 16: whether nobody has come between, as a list after the claim shows it. `undefined`: lost, or ended by the signal. */
export async function confirmClaim(
  writer: Writer,
  first: Order,
  sequence: number,
  signal?: AbortSignal,
): Promise<Claim | undefined> {
  const { table, host } = writer.parts;
  const second = await writer.untilDone('start', async () => {
    const answer = await writer.listOnce({ signal });
    return signal?.aborted ? 'stopped' : answer;
  });
  if (second === 'stopped') {
    return undefined;
  }
  const archive = writer.lineageName(sequence);
  if (!table.isConfirmed(first, second, writer.marker.writer, sequence)) {
    host.tell('claim.lost', { archive, to: second.head && named(second.head) });
    return undefined;
  }
  host.tell('claimed', { archive, late: false });
  return { sequence, done: table.recordsBelow(second, sequence) };
}
