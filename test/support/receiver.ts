import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Journal } from './journal.ts';

/** What a path is answered with: a status, or `hang` for nothing at all until the receiver ends. */
type Reply = number | 'hang';

/** Listens for calls over HTTP on loopback, and keeps what was asked for. */
export class Receiver {
  /** Paths with their queries, in their order. */
  readonly calls = new Journal<string>((call) => call);
  /** By path; 200 for all others. */
  replies: Record<string, Reply> = {};
  /** Runs before each answer. */
  onCall: (path: string) => void | Promise<void> = () => {};
  readonly #server: Server;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  private constructor() {
    this.#server = createServer(async ({ method, url = '' }, response) => {
      const [path = ''] = url.split('?');
      this.calls.push(method === 'GET' ? url : `${method} ${url}`);
      await this.onCall(path);
      const reply = this.replies[path] ?? 200;
      if (reply !== 'hang') {
        response
          .writeHead(reply, reply >= 300 && reply < 400 ? { location: '/elsewhere' } : {})
          .end('Hello.');
      }
    });
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  /** Waits until as many calls have come as these, and returns them all. */
  async got(count: number): Promise<readonly string[]> {
    const what = `no ${count} calls`;
    await this.calls.find({ match: () => this.calls.entries.length >= count, what, limit: '30s' });
    return this.calls.entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      this.#server.closeAllConnections();
      await closed;
    }
  }
}
