import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { commentsOf, seedArchive } from '../../support/archive.ts';
import { freezeLockHolder } from '../../support/borg-serve.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { heldLock } from '../../support/held-lock.ts';
import { noise } from '../../support/noise.ts';
import { needsRoot } from '../../support/other-user.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { Tmpfs } from '../../support/tmpfs.ts';
import { fillVolume } from '../../support/volume.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** LOCK_TIMEOUT is FINAL_BACKUP_TIMEOUT and 5 s in the program with short waits. */
const env = { FINAL_BACKUP_TIMEOUT: '2s', HANDOVER_TIMEOUT: '1s' };
const LOCK_TIMEOUT_MS = 7_000;

// Each waits most of the time.
describe('a lock that nobody gives up', { concurrency: true }, () => {
  test('of a dead node: restored past it after LOCK_TIMEOUT, claimed once it is gone', async (t) => {
    const set = 'locks-zombie';
    await server.init(set);
    await using node = await quickPod({ set, server, entry: quickMain, isolated: true, name: 'dead' });
    await node.start();
    await untilLive(node);
    await put(node, `${set}.txt`, 'locks-zombie: acknowledged');
    await node.event('save.done');
    await put(node, `${set}.large`, noise(set, 8_000_000));
    await node.event('save.started', ({ bytes }) => Number(bytes) > 1_000_000);
    {
      await using _lock = await freezeLockHolder(server, set);
      await node.kill();
      await using pod = await quickPod({ set, server, entry: quickMain, name: 'next', env });
      const began = performance.now();
      await pod.start();
      const { why, level, lockedForMs } = await pod.event('unclaimed');
      const took = performance.now() - began;
      assert.deepEqual([why, level], ['locked', 'error']);
      assert.ok(Number(lockedForMs) >= LOCK_TIMEOUT_MS, `${lockedForMs} ms`);
      assert.ok(Number(lockedForMs) < LOCK_TIMEOUT_MS + 5_000, `${lockedForMs} ms`);
      t.diagnostic(`ready ${Math.round(took)} ms after the start, LOCK_TIMEOUT ${LOCK_TIMEOUT_MS} ms`);
      await pod.event('gate.opened');
      assert.equal(await readFile(join(pod.dataDir, `${set}.txt`), 'utf8'), 'locks-zombie: acknowledged');
      await put(pod, `${set}.txt`, 'locks-zombie: of the next');
      await pod.event('failure', ({ activity }) => activity === 'claim');
      assert.equal((await pod.status<{ claimed: boolean }>()).claimed, false);
      await _lock[Symbol.asyncDispose]();
      await pod.event('claimed', ({ late }) => late === true);
      await pod.event('save.done');
      assert.equal((await pod.status<{ claimed: boolean }>()).claimed, true);
      await endsClean(pod, set);
    }
  });

  test('goes on being counted by the next container, after a startup probe has ended one', async () => {
    const set = 'locks-probe';
    await server.init(set);
    await using source = await TemporaryDirectory.make('locks');
    await fillVolume(join(source.path, 'locks-data'), { files: 3, bytes: 1_000, seed: set });
    await seedArchive(server, { set, directory: source.path });
    await using _lock = await heldLock(server, set);
    // Long enough that a loaded machine ends the first container before it restores.
    const patient = { ...env, FINAL_BACKUP_TIMEOUT: '15s' };
    await using pod = await quickPod({ set, server, entry: quickMain, isolated: true, env: patient });
    await pod.start();
    await pod.event('failure', ({ reason }) => reason === 'locked');
    await pod.kill();
    const began = performance.now();
    await pod.start();
    const { lockedForMs } = await pod.event('unclaimed');
    assert.ok(performance.now() - began < Number(lockedForMs), 'the time began anew');
    await pod.event('gate.opened');
    await pod.kill();
  });

  test('is no lock of the own cache: what a dead container left locked delays nothing', async () => {
    const set = 'locks-cache';
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain, isolated: true });
    await pod.start();
    await untilLive(pod);
    await put(pod, `${set}.large`, noise(set, 8_000_000));
    await pod.event('save.started', ({ bytes }) => Number(bytes) > 1_000_000);
    await pod.kill();
    await pod.start();
    await pod.event('save.done');
    assert.deepEqual(pod.seen('failure'), []);
    await endsClean(pod, set);
  });
});

test("a server's full disk does not stop a start; freed, the pod claims and saves", {
  skip: needsRoot,
}, async () => {
  const set = 'locks-full';
  await using disk = await Tmpfs.mount(server.repository(set), '3m');
  await server.init(set);
  await using source = await TemporaryDirectory.make('locks');
  await fillVolume(join(source.path, 'locks-data'), { files: 3, bytes: 1_000, seed: set });
  await seedArchive(server, { set, directory: source.path });
  await disk.fill();
  await using pod = await quickPod({ set, server, entry: quickMain, env });
  await pod.start();
  assert.equal((await pod.event('unclaimed')).why, 'full');
  await pod.event('gate.opened');
  await put(pod, 'locks-data.txt', 'locks-full: unsaved');
  await pod.event('failure', ({ activity, reason }) => activity === 'claim' && reason === 'server-disk-full');
  await disk.free();
  await pod.event('save.done');
  await endsClean(pod, 'locks-data');
  const data = Object.values(await commentsOf(server, set)).filter((comment) => comment?.kind === 'data');
  assert.equal(data.length, 2);
});
