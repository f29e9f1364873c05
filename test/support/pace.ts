import type { Pace } from '../../sidecar/src/volume/walk.ts';

/** A clock that goes on by a step with each look, and counts pauses. */
export class FakePace implements Pace {
  pauses = 0;
  onPause: () => void = () => {};
  readonly #step: number;
  #now = 0;

  constructor(step = 0) {
    this.#step = step;
  }

  now(): number {
    this.#now += this.#step;
    return this.#now;
  }

  async pause(): Promise<void> {
    this.pauses += 1;
    this.onPause();
  }
}
