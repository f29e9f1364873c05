import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Container } from '../world/container.ts';
import { isAlike, nameState } from '../world/content.ts';
import type { End } from '../world/host.ts';
import type { Archive } from '../world/repository.ts';
import { LEAST_LOCK_TIMEOUT_MS } from '../world/rules.ts';
import type { Watch } from '../world/watch.ts';
import type { Writers } from './writers.ts';

/** Who says that everything is saved tells the truth; who is in a hurry has waited long enough. */
export class EndingsChecker implements Watch {
  readonly #writers: Writers;

  constructor(writers: Writers) {
    this.#writers = writers;
  }

  told({ pod }: Container, name: keyof LineageEvents, event: object): void {
    if (name === 'unclaimed') {
      const { why, lockedForMs } = event as { why: string; lockedForMs: number };
      if (why === 'locked' && lockedForMs < LEAST_LOCK_TIMEOUT_MS) {
        pod.cluster.break_(
          'a lock is passed only after the time of a living final save',
          `${pod.name} after ${lockedForMs} ms`,
        );
      }
    }
  }

  ended({ pod, host, writer, ending, alone }: Container, { code, why }: End): void {
    const { volume, cluster } = pod;
    if (host.ready && !ending.sigterm) {
      cluster.break_('the program goes on while the application may run', `${pod.name} exits: ${why}`);
    }
    // The application was still there after the container's SIGTERM, and the pod ended before it came back.
    const isLeftOut = alone && !isAlike(pod.looked, volume.content);
    if (code !== 0 || !volume.wasUsed || pod.isRunning || isLeftOut) {
      return;
    }
    if (!this.#writers.isSaved(writer, volume.content)) {
      cluster.break_(
        'exit 0 means that everything is saved',
        `${pod.name} with ${nameState(volume.content)}`,
      );
    }
  }

  committed({ said, kind, name, writer }: Archive, container: Container | undefined): void {
    if (container === undefined || said?.final !== true || container.alone || container.gone) {
      return;
    }
    const { pod } = container;
    if (pod.isRunning) {
      pod.cluster.break_('final=1 is not said while the application may write', `${pod.name} makes ${name}`);
    } else if (kind === 'close' && !this.#writers.isSaved(writer, pod.volume.content)) {
      pod.cluster.break_('final=1 is not said with an unsaved volume', `${pod.name} makes ${name}`);
    }
  }
}
