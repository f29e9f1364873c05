import { rm } from 'node:fs/promises';
import type { Context } from './context.ts';
import { checkGate, openGate } from './gate.ts';
import { liveUntilSigterm } from './live.ts';
import { recordLive } from './live-record.ts';
import { Saver } from './save.ts';
import { startVolume } from './start.ts';

/**
 * One life of the sidecar's container, from the first look at the volume to the last save. Resolves when SIGTERM has
 * come and everything is saved; throws `Fatal` otherwise.
 */
export async function runLifecycle(context: Context): Promise<void> {
  const { settings, events, termination, world } = context;
  termination.prestop.addEventListener('abort', () => events.emit('prestop', {}), { once: true });
  termination.sigterm.addEventListener('abort', () => events.emit('sigterm', {}), { once: true });
  try {
    await checkGate(settings);
    const started = await startVolume(context);
    const saver = await Saver.begin(context, started);
    termination.sigterm.throwIfAborted();
    await recordLive(settings.STATE_DIR, world.bootId);
    await openGate(settings);
    events.setState('live');
    events.emit('gate.opened', {});
    await liveUntilSigterm(context, saver);
  } catch (error) {
    // A pod that was never ready has nothing to save.
    if (error !== termination.sigterm.reason) {
      throw error;
    }
  } finally {
    await rm(settings.READY_FILE, { force: true });
    events.setState('stopped');
  }
}
