import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Flow } from './flow.ts';
import { Journal } from './journal.ts';
import type { Limit } from './limit.ts';
import { freePort } from './port.ts';

/** Seen from the client: what it receives, what it sends. */
export type Direction = 'toClient' | 'toServer';
export type Bytes = Readonly<Record<Direction, number>>;

type Plan = { direction: Direction; left: number; reached: () => void; then: 'cut' | 'stall' };
type Connection = { client: Socket; server: Socket; flows: Flow[] };

/** A TCP link on loopback that fails on command, at an exact byte. */
export class Link {
  readonly port: number;
  readonly #target: number;
  readonly #bytes = { toClient: 0, toServer: 0 };
  readonly #progress = new Journal<Bytes>((bytes) => JSON.stringify(bytes));
  readonly #open = new Set<Connection>();
  #listener: Server | undefined;
  #plan: Plan | undefined;
  #stalled = false;
  #accepted = 0;

  static async to(target: number): Promise<Link> {
    const link = new Link(target, await freePort());
    await link.heal();
    return link;
  }

  private constructor(target: number, port: number) {
    this.#target = target;
    this.port = port;
  }

  /** What was passed on since the link was made. */
  get bytes(): Bytes {
    return { ...this.#bytes };
  }

  get connections(): { open: number; accepted: number } {
    return { open: this.#open.size, accepted: this.#accepted };
  }

  /** Cuts once this many more bytes have been passed on, and not one more. Resolves when it is done. */
  cutAfter(bytes: number, direction: Direction = 'toClient'): Promise<void> {
    return this.#schedule(bytes, direction, 'cut');
  }

  /** Stalls once this many more bytes have been passed on: connections stay open, new ones too, nothing flows. */
  stallAfter(bytes: number, direction: Direction = 'toClient'): Promise<void> {
    return this.#schedule(bytes, direction, 'stall');
  }

  /** Ends every connection; new ones pass. */
  cut(): void {
    for (const { client, server } of this.#open) {
      // What was passed on still arrives: destroyed once it is written.
      client.destroySoon();
      server.destroySoon();
    }
  }

  stall(): void {
    this.#stalled = true;
  }

  /** New connections are refused; open ones stay. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Takes back every fault, planned ones too: what was held back flows, new connections pass. */
  async heal(): Promise<void> {
    this.#plan = undefined;
    this.#stalled = false;
    for (const connection of this.#open) {
      if (connection.client.destroyed || connection.server.destroyed) this.#close(connection);
      else for (const flow of connection.flows) flow.flush();
    }
    if (this.#listener) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    listener.listen(this.port, '127.0.0.1');
    await once(listener, 'listening');
    this.#listener = listener;
  }

  /** Resolves once this many bytes have been passed on since the link was made. */
  async when(bytes: number, direction: Direction = 'toClient', limit: Limit = '60s'): Promise<Bytes> {
    if (this.#bytes[direction] >= bytes) return this.bytes;
    const match = (now: Bytes) => now[direction] >= bytes;
    return await this.#progress.find({ match, what: `${bytes} bytes ${direction}`, limit });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    for (const connection of this.#open) this.#close(connection);
    this.#progress.end('the link was taken down');
  }

  #schedule(bytes: number, direction: Direction, then: Plan['then']): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#plan = { direction, left: bytes, reached: resolve, then };
    if (bytes === 0) this.#execute(this.#plan);
    return promise;
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const connection: Connection = { client, server, flows: [] };
    this.#open.add(connection);
    connection.flows.push(
      new Flow(client, server, (size) => this.#pass('toServer', size)),
      new Flow(server, client, (size) => this.#pass('toClient', size)),
    );
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // An error is followed by "close".
      socket.on('error', () => undefined);
      // Across a stalled link neither end hears of the other's end.
      socket.on('close', () => this.#stalled || this.#close(connection));
    }
  }

  #pass(direction: Direction, size: number): number {
    if (this.#stalled) return 0;
    const plan = this.#plan?.direction === direction ? this.#plan : undefined;
    const allowed = Math.min(size, plan?.left ?? size);
    this.#bytes[direction] += allowed;
    if (plan) {
      plan.left -= allowed;
      if (plan.left === 0) queueMicrotask(() => this.#execute(plan));
    }
    this.#progress.push(this.bytes);
    return allowed;
  }

  #execute(plan: Plan): void {
    if (this.#plan !== plan) return;
    this.#plan = undefined;
    if (plan.then === 'cut') this.cut();
    else this.stall();
    plan.reached();
  }

  #close(connection: Connection): void {
    connection.client.destroy();
    connection.server.destroy();
    this.#open.delete(connection);
  }
}
