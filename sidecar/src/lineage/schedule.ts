import type { Rules } from './ports.ts';

type Limits = Pick<Rules, 'quietMs' | 'leastBetweenSavesMs' | 'intervalMs' | 'lookEveryMs'>;

/** A look at the volume, as the schedule needs it. Times in milliseconds since the boot of the node. */
export interface Looked {
  readonly digest: string;
  readonly isUnsaved: boolean;
  /** The pod may end at any moment. */
  readonly isUrgent?: boolean;
  readonly beganMs: number;
  /** What it cost of a core. */
  readonly tookMs: number;
}

/** A save takes at most this part of the time. */
const MOST_OF_TIME_FOR_SAVES = 1 / 20;
/** Looks take at most this part of a core: a little below the hundredth that is promised for all. */
const MOST_OF_CORE_FOR_LOOKS = 1 / 125;

/** Row 25: when the volume is looked at, and when what has changed is saved. */
export class Schedule {
  readonly #limits: Limits;
  #newest: Looked | undefined;
  /** Since when the looks have shown the same. */
  #sameSinceMs = 0;
  /** The newest moment at which nothing was unsaved: no unsaved change is older. */
  #cleanAtMs: number | undefined;
  #save: { readonly beganMs: number; readonly tookMs: number } | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  looked(look: Looked): void {
    if (look.digest !== this.#newest?.digest) {
      this.#sameSinceMs = look.beganMs;
    }
    if (!look.isUnsaved || this.#cleanAtMs === undefined) {
      this.#cleanAtMs = look.beganMs;
    }
    this.#newest = look;
  }

  /** What the newest look showed has been saved. */
  saved(beganMs: number, tookMs: number): void {
    this.#cleanAtMs = this.#newest?.beganMs;
    this.#save = { beganMs, tookMs };
  }

  /**
   * When the change is due that the newest look showed: once the volume has been quiet, not too soon after the save
   * before, and at the latest when it may be `BACKUP_INTERVAL` old. An urgent one waits only for what saves may cost.
   */
  get dueAtMs(): number {
    const { quietMs, leastBetweenSavesMs } = this.#limits;
    const isUrgent = this.#newest?.isUrgent ?? false;
    const quietAt = isUrgent ? this.#sameSinceMs : this.#sameSinceMs + quietMs;
    const affordableMs = (this.#save?.tookMs ?? 0) / MOST_OF_TIME_FOR_SAVES;
    const betweenMs = isUrgent ? affordableMs : Math.max(leastBetweenSavesMs, affordableMs);
    const soonest = this.#save === undefined ? quietAt : Math.max(quietAt, this.#save.beganMs + betweenMs);
    return Math.min(soonest, this.#latestMs);
  }

  /** When to look again, at the latest when an unsaved change may be `BACKUP_INTERVAL` old. */
  get nextLookAtMs(): number {
    const { intervalMs, lookEveryMs } = this.#limits;
    const { beganMs, tookMs, isUnsaved } = this.#newest ?? { beganMs: 0, tookMs: 0, isUnsaved: false };
    const everyMs = Math.min(intervalMs, Math.max(lookEveryMs, tookMs / MOST_OF_CORE_FOR_LOOKS));
    return isUnsaved ? Math.min(beganMs + everyMs, this.#latestMs) : beganMs + everyMs;
  }

  get #latestMs(): number {
    return (this.#cleanAtMs ?? 0) + this.#limits.intervalMs;
  }
}
