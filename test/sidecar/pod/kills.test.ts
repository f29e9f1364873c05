import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BorgServer } from '../../support/borg-server.ts';
import { heldLock } from '../../support/held-lock.ts';
import { Link } from '../../support/link.ts';
import { noise } from '../../support/noise.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

type Made = { pod: Pod; link: Link };

/** A pod whose volume holds the set's only file, saved if it ever saves while live, on a link that can be stalled. */
async function made(stack: AsyncDisposableStack, set: string, env: Environment = {}): Promise<Made> {
  await server.init(set);
  const link = stack.use(await Link.to(server.port));
  const pod = stack.use(await quickPod({ set, server, link, entry: quickMain, isolated: true, env }));
  await pod.start();
  await untilLive(pod);
  await put(pod, `${set}.txt`, `${set}: first`);
  if (env.BACKUP_INTERVAL === undefined) await pod.event('save.done');
  return { pod, link };
}

/** A kill leaves no process of the container, and the next one ends well with what the volume held. */
async function comesBack({ pod, link }: Made, set: string): Promise<void> {
  await pod.kill();
  assert.deepEqual(pod.processes(), []);
  await link.heal();
  await put(pod, `${set}.txt`, `${set}: after the kill`);
  await pod.start();
  await pod.event('gate.opened');
  assert.deepEqual(pod.seen('restore.started'), []);
  await endsClean(pod, set);
  await using next = await quickPod({ set, server, entry: quickMain, name: 'next' });
  await next.start();
  await next.event('gate.opened');
  assert.equal(await readFile(join(next.dataDir, `${set}.txt`), 'utf8'), `${set}: after the kill`);
  await endsClean(next, set);
}

// Each waits for the server most of the time.
describe('a sidecar that is killed', { concurrency: true }, () => {
  test('while it saves', async () => {
    const set = 'kills-saving';
    await using stack = new AsyncDisposableStack();
    const it = await made(stack, set);
    const stalled = it.link.stallAfter(1_000_000, 'toServer');
    await put(it.pod, `${set}.large`, noise(set, 4_000_000));
    await stalled;
    assert.equal((await it.pod.status()).state, 'saving');
    await comesBack(it, set);
  });

  test('while it saves for the last time', async () => {
    const set = 'kills-stopping';
    await using stack = new AsyncDisposableStack();
    const it = await made(stack, set, { BACKUP_INTERVAL: '1h' });
    const stalled = it.link.stallAfter(1_000_000, 'toServer');
    await put(it.pod, `${set}.large`, noise(set, 4_000_000));
    it.pod.container.signal('SIGTERM');
    await stalled;
    await it.pod.event('state', ({ state }) => state === 'stopping');
    await comesBack(it, set);
  });

  test('while it waits for another pod, with nothing restored yet', async () => {
    const set = 'kills-waiting';
    await using stack = new AsyncDisposableStack();
    const { pod: old } = await made(stack, set);
    await using pod = await quickPod({ set, server, entry: quickMain, name: 'next', isolated: true });
    await pod.start();
    await pod.event('handover.waiting');
    await pod.kill();
    assert.deepEqual(pod.processes(), []);
    await endsClean(old, set);
    await pod.start();
    await pod.event('gate.opened');
    assert.equal(await readFile(join(pod.dataDir, `${set}.txt`), 'utf8'), `${set}: first`);
    await endsClean(pod, set);
  });

  test('while it is fenced: it stays so, and saves a fork', async () => {
    const set = 'kills-fenced';
    await using stack = new AsyncDisposableStack();
    const { pod: old } = await made(stack, set);
    const env = { HANDOVER_TIMEOUT: '0s' };
    await using next = await quickPod({ set, server, entry: quickMain, name: 'next', env });
    await next.start();
    await next.event('gate.opened');
    await put(old, `${set}.txt`, `${set}: passed over`);
    await old.event('fenced');
    await old.event('fork.done');
    await old.kill();
    await old.start();
    await old.event('fork.done');
    assert.equal((await old.event('fenced')).pod, 'next');
    assert.deepEqual(old.seen('save.started'), []);
    await endsClean(old, set);
    await endsClean(next, set);
  });

  test('while it has no claim: it goes on claiming', async () => {
    const set = 'kills-unclaimed';
    await using stack = new AsyncDisposableStack();
    const { pod: old } = await made(stack, set);
    await endsClean(old, set);
    const env = { FINAL_BACKUP_TIMEOUT: '1s' };
    await using pod = await quickPod({ set, server, entry: quickMain, name: 'next', isolated: true, env });
    {
      await using _lock = await heldLock(server, set);
      await pod.start();
      await pod.event('unclaimed');
      await pod.event('gate.opened');
      await pod.kill();
      await put(pod, `${set}.txt`, `${set}: unclaimed`);
      await pod.start();
      await pod.event('failure', ({ activity }) => activity === 'claim');
    }
    await pod.event('claimed', ({ late }) => late === true);
    await pod.event('save.done');
    await endsClean(pod, set);
  });
});
