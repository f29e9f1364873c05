import { type Entry, type Pace, walk } from '../../sidecar/src/volume/walk.ts';

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

/** Shows a search every entry of a directory. */
export async function seeAll(directory: string, search: { see(entry: Entry): void }): Promise<void> {
  const visitor = {
    unreadable() {},
    enter(entry: Entry) {
      search.see(entry);
      return true;
    },
  };
  await walk(directory, visitor, new FakePace());
}
