import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Link } from './link.ts';
import { noise } from './noise.ts';

const sent = noise('link', 1_000_000);

/** Sends the same million bytes to whoever connects, and ends. */
async function sender() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.end(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: dispose };
}

/** All that arrives until the connection's end. */
async function receive(port: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(socket, 'close'), once(socket, 'error')]);
  return Buffer.concat(chunks);
}

test('a link passes on every byte', async () => {
  await using server = await sender();
  await using link = await Link.to(server.port);
  assert.ok((await receive(link.port)).equals(sent));
  assert.deepEqual(link.bytes, { toClient: sent.length, toServer: 0 });
});

test('a link cuts after exactly as many bytes as asked for', async () => {
  await using server = await sender();
  await using link = await Link.to(server.port);
  const cut = link.cutAfter(123_457);
  assert.ok((await receive(link.port)).equals(sent.subarray(0, 123_457)));
  await cut;
  assert.equal((await receive(link.port)).length, sent.length);
});

test('a stalled link goes on where it stopped', async () => {
  await using server = await sender();
  await using link = await Link.to(server.port);
  const stalled = link.stallAfter(65_537);
  const received = receive(link.port);
  await stalled;
  assert.deepEqual([link.bytes.toClient, link.connections.open], [65_537, 1]);
  await link.heal();
  assert.ok((await received).equals(sent));
});

test('a refusing link refuses until it is healed', async () => {
  await using server = await sender();
  await using link = await Link.to(server.port);
  link.refuse();
  await assert.rejects(receive(link.port), { code: 'ECONNREFUSED' });
  await link.heal();
  assert.equal((await receive(link.port)).length, sent.length);
});
