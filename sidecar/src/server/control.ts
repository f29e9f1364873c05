import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The socket in STATE_DIR, which only those reach who are in the container. */
const SOCKET = 'control.sock';
const ACCEPT = '/accept';

/** What can be asked of a running sidecar. Each resolves with a sentence, or rejects with one. */
export interface Control {
  accept(): Promise<string>;
}

/** The answer of a running sidecar. */
export interface ControlAnswer {
  readonly done: boolean;
  readonly sentence: string;
}

/** Serves what changes something, on a socket that belongs to the program's user. */
export class ControlServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** In place of the socket that a killed container left. */
  static async listen(stateDir: string, control: Control): Promise<ControlServer> {
    const path = join(stateDir, SOCKET);
    await rm(path, { force: true });
    const server = createServer(async ({ method, url }, response) => {
      if (method !== 'POST' || url !== ACCEPT) {
        response.writeHead(404).end();
        return;
      }
      const { done, sentence } = await control.accept().then(
        (sentence) => ({ done: true, sentence }),
        (error: Error) => ({ done: false, sentence: error.message }),
      );
      response.writeHead(done ? 200 : 409, { 'content-type': 'text/plain; charset=utf-8' }).end(sentence);
    });
    const umask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(umask);
    }
    await once(server, 'listening');
    return new ControlServer(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Asks the sidecar that runs with this STATE_DIR. Rejects with the system's error where none does. */
export async function askToAccept(stateDir: string): Promise<ControlAnswer> {
  const asking = request({ socketPath: join(stateDir, SOCKET), method: 'POST', path: ACCEPT }).end();
  const [response] = await once(asking, 'response');
  return { done: response.statusCode === 200, sentence: await text(response) };
}
