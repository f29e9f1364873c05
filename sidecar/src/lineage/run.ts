import { fenced } from './fenced.ts';
import { live } from './live.ts';
import { unclaimed } from './unclaimed.ts';
import type { Phase, Writer } from './writer.ts';

const PHASES: Readonly<Record<Exclude<Phase, 'ended'>, (writer: Writer) => Promise<Phase>>> = {
  resync,
  unclaimed,
  live,
  fenced,
};

/**
 * Rows 23 to 33: from the open gate to the end. Resolves after SIGTERM, once everything is saved; rejects only where the
 * time for that is over. The volume is never emptied or extracted into.
 */
export async function runWriter(writer: Writer, first: Phase): Promise<void> {
  for (let phase = first; phase !== 'ended'; ) {
    phase = await PHASES[phase](writer);
  }
}

/** Row 23a: a container that comes back to a live volume looks where its order is. */
async function resync(writer: Writer): Promise<Phase> {
  const { table } = writer.parts;
  const order = await writer.list('save');
  const marker = table.resync(order, writer.marker);
  if (marker === 'fenced') {
    return 'fenced';
  }
  await writer.remember(marker);
  return 'live';
}
