import { isEmpty, makeDirectories } from '../volume/contents.ts';
import { type Marker, readMarker, writeMarker } from '../volume/marker.ts';
import type { Context } from './context.ts';
import { EXIT, Fatal } from './exit.ts';
import { readLiveRecord } from './live-record.ts';
import { adoptVolume, restoreVolume } from './restore.ts';
import { untilDone } from './retry.ts';
import { chooseStart } from './start-table.ts';

/** A volume that the application may use. */
export interface Started {
  readonly marker: Marker;
  /** Whether the volume is known to be what the newest archive holds: then there is nothing to save yet. */
  readonly saved: boolean;
}

/** Makes the volume ready: restores it, or finds that it is live already. Throws `Fatal` where a person is needed. */
export async function startVolume(context: Context): Promise<Started> {
  const { settings, world } = context;
  const { DATA_DIR, STATE_DIR } = settings;
  const marker = await untilDone(context, () => readMarker(DATA_DIR));
  const record = await readLiveRecord(STATE_DIR, world.bootId);
  const start = chooseStart({
    empty: await isEmptyVolume(DATA_DIR),
    marker,
    wasLive: record !== undefined,
    onNonemptyVolume: settings.ON_NONEMPTY_VOLUME,
  });
  if (start === 'resume' && marker !== undefined) {
    context.events.emit('writer', { writer: marker.writer });
    return { marker, saved: false };
  }
  if (start === 'recover' && record !== undefined) {
    await untilDone(context, () => writeMarker(DATA_DIR, record.marker));
    const message = `The marker in ${DATA_DIR} was deleted while the application ran, probably by itself: it is back, and nothing is restored.`;
    context.events.emit('warning', { name: 'marker.restored', message });
    context.events.emit('writer', { writer: record.marker.writer });
    return { marker: record.marker, saved: false };
  }
  if (start === 'vanished') {
    throw new Fatal(
      EXIT.person,
      'volume-vanished',
      `The volume ${DATA_DIR} has lost its content while the application may be running: nothing is restored or saved. Delete the pod, and its successor restores the newest archive.`,
    );
  }
  if (start === 'nonempty') {
    throw new Fatal(
      EXIT.person,
      'volume-not-empty',
      `The volume ${DATA_DIR} holds files that this program did not put there: empty it, or set ON_NONEMPTY_VOLUME=adopt to keep and save them.`,
    );
  }
  const writer = marker?.writer ?? world.newId();
  context.events.emit('writer', { writer });
  const origin = await untilDone(context, () =>
    start === 'adopt' ? adoptVolume(context) : restoreVolume(context, writer),
  );
  await untilDone(context, () => makeDirectories(DATA_DIR, settings.MAKE_DIRS ?? []));
  const live: Marker = { state: 'live', writer, ...origin };
  await untilDone(context, () => writeMarker(DATA_DIR, live));
  return { marker: live, saved: start === 'restore' };
}

async function isEmptyVolume(volume: string): Promise<boolean> {
  return isEmpty(volume).catch((error) => {
    throw new Fatal(
      EXIT.settings,
      'settings',
      `DATA_DIR is "${volume}", which can't be read (${error.message}): mount the volume there.`,
    );
  });
}
