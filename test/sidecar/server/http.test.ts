import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { HttpServer, plain, type Routes } from '../../../sidecar/src/server/http.ts';
import { within } from '../../support/limit.ts';

const routes: Routes = {
  '/': () => ({ status: 200, type: 'text/html; charset=utf-8', body: '<p>home</p>' }),
  '/wait': () => plain(503, 'Not yet.'),
  '/slow': async () => plain(200, 'Done.'),
  '/broken': () => {
    throw new Error('it broke');
  },
  '/late': async () => {
    throw new Error('it broke late');
  },
};

let server: HttpServer;
before(async () => {
  server = await HttpServer.listen(routes, 0, '127.0.0.1');
});
after(() => server.close());

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

/** The first line of the answer to a request that no client would send. */
async function askRaw(target: string): Promise<string | undefined> {
  const socket = connect(server.port, '127.0.0.1');
  socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split('\r\n')[0];
}

const answers: [path: string, status: number, body: string][] = [
  ['/', 200, '<p>home</p>'],
  ['/?x=1', 200, '<p>home</p>'],
  ['/wait', 503, 'Not yet.\n'],
  ['/slow', 200, 'Done.\n'],
  ['/broken', 500, 'it broke\n'],
  ['/late', 500, 'it broke late\n'],
  ['/nothing', 404, 'There is nothing here. Try /, /wait, /slow, /broken, /late.\n'],
  ['/wait/', 404, 'There is nothing here. Try /, /wait, /slow, /broken, /late.\n'],
  ['/constructor', 404, 'There is nothing here. Try /, /wait, /slow, /broken, /late.\n'],
  ['/__proto__', 404, 'There is nothing here. Try /, /wait, /slow, /broken, /late.\n'],
];

for (const [path, status, body] of answers) {
  test(`${path} answers ${status}`, async () => {
    const response = await ask(path);
    assert.equal(response.status, status);
    assert.equal(await response.text(), body);
  });
}

for (const target of ['//', '///x', 'http://[', '*', '/%', '/\\', `/${'x'.repeat(5_000)}`]) {
  test(`a request for ${target.slice(0, 20)}, which is no URL of ours, is answered with 404`, async () => {
    assert.equal(await askRaw(target), 'HTTP/1.1 404 Not Found');
    assert.equal((await ask('/slow')).status, 200);
  });
}

test('HEAD answers as GET, without a body', async () => {
  const response = await ask('/wait', { method: 'HEAD' });
  assert.deepEqual([response.status, await response.text()], [503, '']);
});

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
  test(`${method} is refused, also where something is`, async () => {
    const response = await ask('/', { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    assert.equal(await response.text(), 'Only GET: nothing can be changed here.\n');
  });
}

test('no answer is kept, guessed at or allowed to load anything', async () => {
  for (const path of ['/', '/nothing']) {
    const { headers } = await ask(path);
    assert.deepEqual(
      ['cache-control', 'x-content-type-options', 'content-security-policy'].map((name) => headers.get(name)),
      ['no-store', 'nosniff', "default-src 'none'; style-src 'unsafe-inline'"],
    );
  }
});

test('the type is that of the answer', async () => {
  assert.equal((await ask('/')).headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal((await ask('/wait')).headers.get('content-type'), 'text/plain; charset=utf-8');
});

test('a port that is taken is an error', async () => {
  await assert.rejects(HttpServer.listen(routes, server.port, '127.0.0.1'), { code: 'EADDRINUSE' });
});

test('the end closes also a connection that waits for its answer', async () => {
  const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
  const never = Promise.withResolvers<never>();
  const wait = () => {
    tell();
    return never.promise;
  };
  const ending = await HttpServer.listen({ '/wait': wait }, 0, '127.0.0.1');
  const { port } = ending;
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await asked;
  ending.close();
  try {
    assert.equal(await within(text(socket), '5s', () => 'the connection is closed'), '');
  } finally {
    socket.destroy();
  }
  await assert.rejects(fetch(`http://127.0.0.1:${port}/wait`));
});
