import type { BareBorg } from './borg.ts';

/** Its default for PRUNE_FLAGS, which is ours too. */
const PRUNE_FLAGS = '--keep-minutely 4 -H 4 -d 7 -w 4 -m 2'.split(' ');

/** From the end of one cycle to the beginning of the next. */
export const CYCLE_SECONDS = 600;

/**
 * The shell image that this program succeeds: `borg list` and `borg extract` at the start, then for ever `borg create`,
 * `borg prune` and a pause. It looks at nothing before, and it never compacts.
 */
export class Predecessor {
  readonly #borg: BareBorg;
  #seconds = 0;

  constructor(borg: BareBorg) {
    this.#borg = borg;
  }

  /** One cycle. Its archives are named by the second; here they may follow faster. */
  async cycle(volume: string): Promise<void> {
    this.#seconds = Math.max(this.#seconds + 1, Math.floor(Date.now() / 1_000));
    await this.#borg.run(volume, ['create', `::${this.#seconds}`, '.']);
    await this.#borg.run(volume, ['prune', ...PRUNE_FLAGS]);
  }
}
