import { lstat } from 'node:fs/promises';
import { type Marker, parseMarker } from '../lineage/marker.ts';
import type { Newest } from '../lineage/order.ts';
import type { Found, Look, ReadHow, VolumePort } from '../lineage/ports.ts';
import { flush, isEmpty, makeDirectories, wipe } from '../volume/contents.ts';
import { takeFingerprint } from '../volume/fingerprint.ts';
import { readMarker, writeMarker } from '../volume/marker.ts';
import type { Context } from './context.ts';
import { EXIT, Fatal } from './exit.ts';
import { openGate } from './gate.ts';
import type { LifecycleHost } from './host.ts';
import { readLiveRecord, recordLive } from './live-record.ts';
import { restoreArchive } from './restore.ts';

/** Longer than a tick of any kernel. */
const TICK_MS = 20;
const MOST_LOOKS_AT_ONCE = 3;

/** The order's view of the volume. */
export class DirectoryVolumePort implements VolumePort {
  readonly #context: Context;
  readonly #host: LifecycleHost;
  #restored = false;
  #root: { dev: number; ino: number } | undefined;

  constructor(context: Context, host: LifecycleHost) {
    this.#context = context;
    this.#host = host;
  }

  async find(): Promise<Found> {
    const { settings, world } = this.#context;
    const marker = await readMarker(settings.DATA_DIR, parseMarker);
    const empty = await isEmpty(settings.DATA_DIR).catch((error) => {
      throw new Fatal(
        EXIT.settings,
        'settings',
        `DATA_DIR is "${settings.DATA_DIR}", which can't be read (${error.message}): mount the volume there.`,
      );
    });
    const record = await readLiveRecord(settings.STATE_DIR, world.bootId);
    this.#root = await lstat(settings.DATA_DIR);
    return { marker, empty, record: record?.marker };
  }

  async writeMarker(marker: Marker): Promise<void> {
    this.#host.fenced = marker.state === 'fenced';
    await writeMarker(this.#context.settings.DATA_DIR, marker);
  }

  async extract(target: Newest | undefined, { signal, pastLock }: ReadHow): Promise<void> {
    const { settings, events } = this.#context;
    const until = this.#host.until(signal);
    await wipe(settings.DATA_DIR, until);
    if (target === undefined) {
      events.emit('restore.empty', {});
      return;
    }
    events.setState('restoring');
    await restoreArchive(this.#context, target, { signal: until, lock: { past: pastLock } });
    this.#restored = true;
  }

  async settle(): Promise<void> {
    const { DATA_DIR, MAKE_DIRS = [] } = this.#context.settings;
    await makeDirectories(DATA_DIR, MAKE_DIRS);
    await flush(DATA_DIR);
  }

  /** The application is not let in any more once SIGTERM has come; what the volume holds is saved all the same. */
  async openGate(marker: Marker): Promise<void> {
    const { settings, events, world, termination, calls } = this.#context;
    if (this.#restored) {
      await calls.afterRestore(this.#host.until(undefined));
    }
    await recordLive(settings.STATE_DIR, { bootId: world.bootId, marker });
    if (!termination.sigterm.aborted) {
      await openGate(settings);
      events.setState(marker.state === 'fenced' ? 'fenced' : 'live');
      events.emit('gate.opened', {});
    }
    this.#host.fenced = marker.state === 'fenced';
    this.#host.setReady();
  }

  async look(): Promise<Look> {
    const { world, unread } = this.#context;
    const beganMs = world.uptime();
    const seen = await this.#takeFingerprint();
    // What the walk sees by now is in the digest.
    unread.paths = new Set([...unread.paths].filter((path) => !seen.unreadable.includes(path)));
    const unreadable = [...seen.unreadable, ...unread.paths].sort();
    return { ...seen, unreadable, tookMs: world.uptime() - beganMs };
  }

  /** What changes twice in one tick of the kernel's clock looks the same: the tick is waited out, or the look is like no other. */
  async #takeFingerprint(): Promise<Omit<Look, 'tookMs'>> {
    const { settings, exclude, world, databases } = this.#context;
    for (let tries = 1; ; tries += 1) {
      const began = world.now();
      // Before the gate nobody writes, and the start is not to wait for it.
      const search = this.#host.ready ? databases.search() : undefined;
      const { newestChangeMs, ...seen } = await takeFingerprint(
        settings.DATA_DIR,
        exclude.matches,
        world,
        search?.see,
      );
      search?.end();
      if (!this.#host.ready || newestChangeMs < began - TICK_MS) {
        return seen;
      }
      if (tries === MOST_LOOKS_AT_ONCE) {
        return { ...seen, digest: `${seen.digest} ${world.uptime()}` };
      }
      await world.sleep(TICK_MS);
    }
  }

  async examine(writer: string): Promise<'same' | 'unmarked' | 'gone'> {
    const { DATA_DIR } = this.#context.settings;
    const marker = await readMarker(DATA_DIR, parseMarker);
    if (marker?.writer === writer) {
      return 'same';
    }
    const { dev, ino } = await lstat(DATA_DIR);
    const sameRoot = dev === this.#root?.dev && ino === this.#root.ino;
    return marker !== undefined || !sameRoot || (await isEmpty(DATA_DIR)) ? 'gone' : 'unmarked';
  }
}
