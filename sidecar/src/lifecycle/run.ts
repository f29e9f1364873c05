import { rm } from 'node:fs/promises';
import type { Context } from './context.ts';
import { checkGate, openGate } from './gate.ts';
import { liveUntilSigterm } from './live.ts';
import { recordLive } from './live-record.ts';
import { Saver } from './save.ts';
import { type Started, startVolume } from './start.ts';

/**
 * One life of the sidecar's container, from the first look at the volume to the last save. Throws `Fatal` where that
 * fails.
 *
 * @returns when SIGTERM has come: whether the volume was ready and is saved, or there was nothing to save yet
 */
export async function runLifecycle(context: Context): Promise<'saved' | 'never-ready'> {
  const { settings, events, termination } = context;
  onAbort(termination.prestop, () => events.emit('prestop', {}));
  onAbort(termination.sigterm, () => events.emit('sigterm', {}));
  try {
    await checkGate(settings);
    const started = await startVolume(context);
    const saver = await Saver.begin(context, started);
    if (!termination.sigterm.aborted) {
      await openTheGate(context, started);
    } else if (started.saved) {
      return 'never-ready';
    }
    await liveUntilSigterm(context, saver);
    return 'saved';
  } catch (error) {
    if (error !== termination.sigterm.reason) {
      throw error;
    }
    return 'never-ready';
  } finally {
    await rm(settings.READY_FILE, { force: true });
    events.setState('stopped');
  }
}

async function openTheGate({ settings, events, world }: Context, { marker }: Started): Promise<void> {
  await recordLive(settings.STATE_DIR, { bootId: world.bootId, marker });
  await openGate(settings);
  events.setState('live');
  events.emit('gate.opened', {});
}

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) {
    act();
  } else {
    signal.addEventListener('abort', act, { once: true });
  }
}
