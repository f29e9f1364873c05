import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = 512;

/** What a directory takes on disk; what goes away while it looks takes nothing. */
export function sizeOnDisk(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stats) => sum + (stats?.isFile() ? stats.blocks * BLOCK : 0), 0);
}

/** The highest that something ever is, as long as this is watched. */
export class HighWater {
  readonly #look: () => number;
  readonly #timer: NodeJS.Timeout;
  #highest = 0;

  constructor(look: () => number, everyMs: number) {
    this.#look = look;
    this.#timer = setInterval(() => this.#rise(), everyMs);
  }

  /** Since this was last asked. */
  take(): number {
    this.#rise();
    const highest = this.#highest;
    this.#highest = 0;
    return highest;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #rise(): void {
    this.#highest = Math.max(this.#highest, this.#look());
  }
}
