import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../test/support/port.ts';

/** What may be under way in one direction: more than any line of this round trip carries here. */
const MOST_UNDER_WAY = 16 * 1024 * 1024;

export type Traffic = { readonly sent: number; readonly received: number; readonly connections: number };

/** A TCP line on loopback with a round trip, which counts what goes over it, as the client sees it. */
export class DelayedLine {
  readonly port: number;
  readonly #target: number;
  readonly #oneWayMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #lanes = new Set<Lane>();
  #listener: Server | undefined;
  #sent = 0;
  #received = 0;
  #connections = 0;

  static async to(target: number, roundTripMs = 0): Promise<DelayedLine> {
    const line = new DelayedLine(target, await freePort(), roundTripMs / 2);
    const listener = createServer({ allowHalfOpen: true }, (client) => line.#accept(client));
    listener.listen(line.port, '127.0.0.1');
    await once(listener, 'listening');
    line.#listener = listener;
    return line;
  }

  private constructor(target: number, port: number, oneWayMs: number) {
    this.#target = target;
    this.port = port;
    this.#oneWayMs = oneWayMs;
  }

  /** Since the line was made. */
  get traffic(): Traffic {
    return { sent: this.#sent, received: this.#received, connections: this.#connections };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener?.close();
    for (const lane of this.#lanes) lane.end();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.#connections += 1;
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    // The handshake takes a round trip before the first byte may go.
    const openAt = performance.now() + 2 * this.#oneWayMs;
    const lanes = [
      new Lane({ source: client, sink: server, oneWayMs: this.#oneWayMs, openAt }, (size) => {
        this.#sent += size;
      }),
      new Lane({ source: server, sink: client, oneWayMs: this.#oneWayMs, openAt }, (size) => {
        this.#received += size;
      }),
    ];
    for (const lane of lanes) this.#lanes.add(lane);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // An error is followed by "close".
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const lane of lanes) {
          if (lane.isCut) {
            lane.end();
            this.#lanes.delete(lane);
          }
        }
      });
    }
  }
}

type Way = { source: Socket; sink: Socket; oneWayMs: number; openAt: number };

/** One direction of one connection: everything arrives in order, and so much later. */
class Lane {
  readonly #way: Way;
  readonly #count: (size: number) => void;
  readonly #underWay: { readonly due: number; readonly chunk: Buffer | undefined }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(way: Way, count: (size: number) => void) {
    this.#way = way;
    this.#count = count;
    way.source.on('data', (chunk: Buffer) => this.#take(chunk));
    way.source.on('end', () => this.#take(undefined));
    way.sink.on('drain', () => this.#deliver());
  }

  /** Nobody is left to write to, or the writer went without a word. */
  get isCut(): boolean {
    const { source, sink } = this.#way;
    return sink.destroyed || (source.destroyed && !source.readableEnded);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#underWay.length = 0;
    this.#way.source.destroy();
    this.#way.sink.destroy();
  }

  /** Nothing stands for the writer's end. */
  #take(chunk: Buffer | undefined): void {
    const { openAt, oneWayMs, source } = this.#way;
    this.#count(chunk?.length ?? 0);
    this.#bytes += chunk?.length ?? 0;
    this.#underWay.push({ due: Math.max(performance.now(), openAt) + oneWayMs, chunk });
    if (this.#bytes > MOST_UNDER_WAY) source.pause();
    if (this.#timer === undefined) this.#deliver();
  }

  #deliver(): void {
    const { source, sink } = this.#way;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#underWay[0]; next !== undefined; next = this.#underWay[0]) {
      if (sink.destroyed) return;
      // "drain" calls again.
      if (sink.writableNeedDrain) {
        source.pause();
        return;
      }
      const wait = next.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#deliver(), wait);
        return;
      }
      this.#underWay.shift();
      this.#bytes -= next.chunk?.length ?? 0;
      if (next.chunk) sink.write(next.chunk);
      else sink.end();
    }
    if (this.#bytes <= MOST_UNDER_WAY) source.resume();
  }
}
