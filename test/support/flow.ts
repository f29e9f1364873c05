import type { Socket } from 'node:net';

/** How many of these bytes may pass now. */
export type Gate = (size: number) => number;

/** One direction of one connection: passes on what its gate allows and holds back the rest, in order. */
export class Flow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #gate: Gate;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: Socket, sink: Socket, gate: Gate) {
    this.#source = source;
    this.#sink = sink;
    this.#gate = gate;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => {
      this.#ended = true;
      this.flush();
    });
    sink.on('drain', () => this.#continue());
  }

  /** Tries again to pass on what was held back. */
  flush(): void {
    if (!this.#sink.writable) return;
    const allowed = this.#held.length === 0 ? 0 : this.#gate(this.#held.length);
    const passing = this.#held.subarray(0, allowed);
    this.#held = this.#held.subarray(allowed);
    if (passing.length > 0) this.#sink.write(passing);
    if (this.#held.length > 0) this.#source.pause();
    else if (this.#ended) this.#sink.end();
    else this.#continue();
  }

  #take(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.flush();
  }

  #continue(): void {
    if (this.#held.length > 0 || this.#sink.writableNeedDrain) this.#source.pause();
    else this.#source.resume();
  }
}
