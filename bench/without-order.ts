import { NO_PARENT } from '../sidecar/src/lineage/comment.ts';
import { newMarker } from '../sidecar/src/lineage/marker.ts';
import type { Parts } from '../sidecar/src/lineage/parts.ts';
import type { Started } from '../sidecar/src/lineage/start.ts';
import { isUnanswered, openGate, Writer } from '../sidecar/src/lineage/writer.ts';

/** A start that takes the newest archive and asks nobody: what the order of archives costs is what it costs beyond this. */
export async function start(parts: Parts): Promise<Started> {
  const { volume, host } = parts;
  await volume.find();
  const writer = new Writer(parts, newMarker(host.newId(), NO_PARENT));
  await volume.writeMarker(writer.marker);
  const order = await writer.listOnce();
  if (isUnanswered(order)) {
    throw order.failure;
  }
  await volume.extract(order.newest, {});
  await volume.settle();
  writer.takeOver(order, { last: order.top });
  await openGate(writer, { claimed: true, saved: true });
  return { writer, phase: 'live' };
}
