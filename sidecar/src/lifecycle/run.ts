import { rm } from 'node:fs/promises';
import { runWriter } from '../lineage/run.ts';
import { start } from '../lineage/start.ts';
import { TABLE } from '../lineage/table.ts';
import type { Context } from './context.ts';
import { checkGate } from './gate.ts';
import { LifecycleHost } from './host.ts';
import { BorgRepositoryPort } from './repository-port.ts';
import { rulesOf } from './rules.ts';
import { DirectoryVolumePort } from './volume-port.ts';

/**
 * One life of the sidecar's container, from the first look at the volume to the last save. Throws `Fatal` where that
 * fails.
 *
 * @returns when SIGTERM has come: whether the volume was ready and is saved, or there was nothing to save yet
 */
export async function runLifecycle(context: Context): Promise<'saved' | 'never-ready'> {
  const { settings, events, termination, world } = context;
  onAbort(termination.prestop, () => events.emit('prestop', {}));
  onAbort(termination.sigterm, () => events.emit('sigterm', {}));
  const host = new LifecycleHost(context);
  try {
    await checkGate(settings);
    const { writer, phase } = await start({
      rules: rulesOf(settings, world),
      repository: new BorgRepositoryPort(context, host),
      volume: new DirectoryVolumePort(context, host),
      host,
      table: TABLE,
    });
    onAbort(termination.sigterm, () => events.setState('stopping'));
    await runWriter(writer, phase);
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

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) {
    act();
  } else {
    signal.addEventListener('abort', act, { once: true });
  }
}
