import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered to a request. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Answers by path. */
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;

/** A read-only HTTP server: no request changes anything. */
export class HttpServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a port (0: any free one), on all addresses or the given one. Rejects where the port is taken. */
  static async listen(routes: Routes, port: number, host?: string): Promise<HttpServer> {
    const server = createServer((request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(response, { ...plain(405, 'Only GET: nothing can be changed here.'), allow: 'GET, HEAD' });
        return;
      }
      void respond(routes, pathOf(request.url ?? '/'), response);
    });
    server.listen(port, host);
    await once(server, 'listening');
    return new HttpServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A line of text. */
export function plain(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}

/** The path without the query. Anybody may ask for anything, also for what is no URL. */
function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] ?? '';
}

async function respond(routes: Routes, path: string, response: ServerResponse): Promise<void> {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  try {
    send(
      response,
      route ? await route() : plain(404, `There is nothing here. Try ${Object.keys(routes).join(', ')}.`),
    );
  } catch (error) {
    send(response, plain(500, (error as Error).message));
  }
}

function send(response: ServerResponse, { status, type, body, allow }: Answer & { allow?: string }): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(body);
}
