import type { Order } from './order.ts';
import type { Seen } from './rows/start.ts';
import { named } from './tell.ts';
import type { Writer } from './writer.ts';

/**
 * Row 12: waits a while where the writer at head has not ended and still has time.
 *
 * @param seenAtMs when this head was first there, as far as that is known
 * @returns whether it has waited, so that the list has to be read again
 */
export async function waitForWriter(
  writer: Writer,
  order: Order,
  seen: Map<string, Seen>,
  seenAtMs: number,
): Promise<boolean> {
  const { host, rules, table } = writer.parts;
  const { head } = order;
  table.noteWriter(order, seen, seenAtMs);
  const now = host.now();
  const untilMs = table.waitUntil(order, seen, writer.marker.writer, now, rules);
  if (head === undefined || untilMs === undefined) {
    return false;
  }
  const leftMs = untilMs - now;
  if (writer.waitingFor !== head.archive.name) {
    writer.waitingFor = head.archive.name;
    host.tell('handover.waiting', { ...named(head), closing: head.comment.closing, forMs: leftMs });
  }
  // With jitter, so that two that wait don't list at the same time.
  await host.wait(Math.min(rules.handoverPollMs * (0.5 + host.random()), leftMs), writer.ending);
  return true;
}
