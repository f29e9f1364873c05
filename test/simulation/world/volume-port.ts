import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import type { Newest } from '../../../sidecar/src/lineage/order.ts';
import type { Found, Look, ReadHow, VolumePort } from '../../../sidecar/src/lineage/ports.ts';
import type { Container } from './container.ts';
import { EMPTY, HALF, isEmpty } from './content.ts';
import { newestData } from './repository.ts';
import { LOCK_WAIT_MS } from './rules.ts';
import type { Outcome } from './step.ts';

/** The pod's volume, as the program in a container reaches it. */
export class SimulatedVolume implements VolumePort {
  readonly #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  async find(): Promise<Found> {
    const { pod } = this.#container;
    return await this.#container.ask('boot', () => {
      const { content, marker, record } = pod.volume;
      const found = {
        empty: isEmpty(content),
        marker,
        record: record?.boot === pod.boot ? record.marker : undefined,
      };
      this.#container.found = found;
      // Without its marker, and the node has booted anew: nobody can tell it from a new one, or from files to adopt.
      const looksNew = found.empty || pod.rules.onNonemptyVolume === 'adopt';
      pod.volume.wasUsed &&= pod.isRunning || !looksNew || (found.marker ?? found.record) !== undefined;
      return found;
    });
  }

  async writeMarker(marker: Marker): Promise<void> {
    await this.#container.ask('marker', () => {
      this.#container.pod.volume.marker = marker;
    });
  }

  async extract(target: Newest | undefined, { signal, pastLock = false }: ReadHow): Promise<void> {
    const { pod, host } = this.#container;
    const { volume, cluster } = pod;
    const { repository } = cluster;
    const isLocked = () => !pastLock && target !== undefined && repository.lock !== undefined;
    const begin = (outcome: Outcome) => {
      host.throwIfOver();
      stopIf(signal?.aborted);
      cluster.tell((watch) => watch.emptied?.(this.#container));
      volume.content = target === undefined ? EMPTY : HALF;
      volume.isFlushed = false;
      stopIf(isLocked() || outcome !== 'ok');
      if (!pastLock && target !== undefined) {
        repository.readers.add(this.#container);
      }
    };
    const isBlocked = () => !host.over && !signal?.aborted && isLocked();
    await this.#container.ask('extract', begin, { isBlocked, waitMs: LOCK_WAIT_MS });
    if (target === undefined) {
      return;
    }
    await this.#container.ask('extracted', (outcome: Outcome) => {
      repository.readers.delete(this.#container);
      host.throwIfOver();
      const archive = repository.archives.find(({ name }) => name === target.archive.name);
      stopIf(signal?.aborted || outcome !== 'ok' || archive?.state === undefined);
      if (archive?.state !== undefined) {
        const newest = newestData(repository.archives);
        const isAskedFor = pod.rules.request !== undefined && newest !== archive;
        volume.content = isAskedFor ? cluster.states.returnTo(archive.state, newest?.state) : archive.state;
      }
    });
  }

  async settle(): Promise<void> {
    await this.#container.ask('settle', () => {
      this.#container.pod.volume.isFlushed = true;
    });
  }

  /** The application is not let in any more once SIGTERM has come. */
  async openGate(marker: Marker): Promise<void> {
    const { pod, host } = this.#container;
    await this.#container.ask('gate', () => {
      pod.cluster.tell((watch) => watch.gateOpened?.(this.#container, marker));
      if (!this.#container.ending.sigterm) {
        pod.volume.record = { boot: pod.boot, marker };
        pod.startApplication();
      }
      host.ready = true;
      host.fenced ||= marker.state === 'fenced';
    });
  }

  async look(): Promise<Look> {
    const { pod } = this.#container;
    return await this.#container.ask('look', () => {
      const { content, unread } = pod.volume;
      pod.looked = content === HALF ? undefined : content;
      const { digest, files, bytes } = content === HALF ? { digest: HALF, files: 0, bytes: 0 } : content;
      return {
        digest: unread ? `${digest}*` : digest,
        files,
        bytes,
        unreadable: unread ? ['secret'] : [],
        tookMs: 0,
      };
    });
  }

  async examine(writer: string): Promise<'same' | 'unmarked' | 'gone'> {
    return await this.#container.ask('examine', () => {
      const { marker, content, isMounted } = this.#container.pod.volume;
      if (isMounted && marker?.writer === writer) {
        this.#container.examined = 'same';
      } else {
        this.#container.examined =
          marker !== undefined || !isMounted || isEmpty(content) ? 'gone' : 'unmarked';
      }
      return this.#container.examined;
    });
  }
}

const STOPPED = { trouble: 'extract failed', person: false };

function stopIf(stops: boolean | undefined): void {
  if (stops) {
    throw STOPPED;
  }
}
