import { formatDuration, type Milliseconds } from '../settings/kinds.ts';
import type { Settings } from '../settings.ts';
import type { Events } from './events.ts';

type Limits = Partial<Pick<Settings, 'VOLUME_SIZE_LIMIT' | 'GRACE_PERIOD'>>;

/** The parts of VOLUME_SIZE_LIMIT at which it is warned, and below which a warning may come again. */
const NEAR = 0.8;
const FAR = 0.7;

/** The last save may find twice as much to do, and what else an end takes has its own time. */
const SAVES_IN_GRACE_PERIOD = 2;
const REST_OF_END: Milliseconds = 30_000;

/** Whether the kubelet may evict the pod at any moment for what is in its volume. */
export function isPastLimit(bytes: number, { VOLUME_SIZE_LIMIT }: Limits): boolean {
  return VOLUME_SIZE_LIMIT !== undefined && bytes > VOLUME_SIZE_LIMIT;
}

/** Warns before a limit of the pod's is reached that would end it too early. */
export function warnOfLimits(events: Events, limits: Limits): void {
  const { VOLUME_SIZE_LIMIT, GRACE_PERIOD } = limits;
  if (VOLUME_SIZE_LIMIT !== undefined) {
    warnOfSize(events, VOLUME_SIZE_LIMIT);
  }
  if (GRACE_PERIOD !== undefined) {
    warnOfTime(events, GRACE_PERIOD);
  }
}

function warnOfSize(events: Events, limit: number): void {
  let isNear = false;
  events.on('looked', ({ bytes }) => {
    if (!isNear && bytes >= NEAR * limit) {
      isNear = true;
      const message = `The volume holds ${bytes} bytes, ${Math.floor((100 * bytes) / limit)} % of VOLUME_SIZE_LIMIT, ${limit}. Past it Kubernetes ends the pod, and the newest changes may be lost: delete what is not needed, or raise the volume's sizeLimit and this setting with it.`;
      events.emit('warning', { name: 'volume.nearly-full', message });
    }
    isNear &&= bytes >= FAR * limit;
  });
}

function warnOfTime(events: Events, gracePeriod: Milliseconds): void {
  let isSaid = false;
  events.on('save.done', ({ seconds }) => {
    const needed = SAVES_IN_GRACE_PERIOD * seconds * 1_000 + REST_OF_END;
    if (!isSaid && needed > gracePeriod) {
      isSaid = true;
      const message = `The last save took ${seconds} s. One that takes twice as long and the end of the pod need ${Math.ceil(needed / 1_000)} s, and GRACE_PERIOD is ${formatDuration(gracePeriod)}: raise terminationGracePeriodSeconds and this setting with it, or the last changes may be lost with the pod.`;
      events.emit('warning', { name: 'grace-period.short', message });
    }
  });
}
