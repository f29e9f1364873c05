import { waitForWriter } from './handover.ts';
import { lockedForMs } from './lock.ts';
import { entriesOf } from './order.ts';
import type { Unanswered } from './ports.ts';
import type { Seen } from './rows/start.ts';
import { type Next, openGate, refuseObstacle, type Writer } from './writer.ts';

/**
 * Row 22: a start past a lock that nobody gives up, or from a server whose disk is full.
 *
 * @returns `on` where something came between: the start begins anew with the list
 */
export async function startUnclaimed(
  writer: Writer,
  seen: Map<string, Seen>,
  because: Unanswered,
): Promise<Next> {
  const { host, rules, table, volume } = writer.parts;
  const first = await writer.untilDone('start', () => writer.listOnce({ pastLock: true }));
  refuseObstacle(writer, first);
  const lockedMs = lockedForMs(writer) ?? 0;
  // While the lock was held nobody else could write, so this head was there all the time.
  if (await waitForWriter(writer, first, seen, host.now() - lockedMs)) {
    return 'on';
  }
  if (table.isRequested(first, rules.request, writer.lacking)) {
    await host.backOff('start', because.failure, writer.ending);
    return 'on';
  }
  const ending = writer.ending;
  const failure = await volume.extract(first.newest, { pastLock: true }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (failure !== undefined) {
    await host.backOff('start', failure.error, ending);
    return 'on';
  }
  const second = await writer.untilDone('start', () => writer.listOnce({ pastLock: true }));
  if (!table.isUnchanged(first, second)) {
    return 'on';
  }
  await volume.settle();
  host.tell('unclaimed', { why: because.kind === 'full' ? 'full' : 'locked', lockedForMs: lockedMs });
  const known = new Set(entriesOf(first).map(({ comment }) => comment.writer));
  writer.takeOver(first, { last: first.top, known: [...known] });
  await openGate(writer, { claimed: false, saved: true });
  return 'unclaimed';
}
