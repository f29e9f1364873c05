import type { LineageEvents, Named } from '../../../sidecar/src/lineage/events.ts';
import type { Container } from '../world/container.ts';
import type { Watch } from '../world/watch.ts';
import type { Writers } from './writers.ts';

/** Only who began later fences, and it is told who has won. */
export class FencingChecker implements Watch {
  readonly #writers: Writers;

  constructor(writers: Writers) {
    this.#writers = writers;
  }

  told({ pod, writer: id }: Container, name: keyof LineageEvents, event: object): void {
    if (name !== 'fenced') {
      return;
    }
    const { cluster } = pod;
    const writer = this.#writers.of(id);
    if (![...this.#writers.all].some((other) => this.#writers.isNewer(other, writer))) {
      if (!writer.isBelow) {
        cluster.break_('nobody is fenced by an older writer, or by itself', pod.name);
      }
      return;
    }
    const isUnclaimed = !writer.isClaimed && writer.claims.size === 0;
    if (isUnclaimed && ![...this.#writers.all].some((other) => this.#writers.hasOvertaken(other, writer))) {
      cluster.break_('a late claim fences nobody without a claim', pod.name);
    }
    const { by } = event as { by: Named | undefined };
    if (by !== undefined && !this.#writers.isNewer(this.#writers.of(by.writer), writer)) {
      cluster.break_(
        'the writer that is told to have taken over is a newer one',
        `${pod.name}: ${by.archive}`,
      );
    }
  }
}
