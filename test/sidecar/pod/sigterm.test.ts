import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataNames, dataOf, extractByHand, recordsOf, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import { noise } from '../../support/noise.ts';
import type { Pod } from '../../support/pod.ts';
import {
  endsClean,
  leavesNothing,
  put,
  quickMain,
  quickPod,
  savedBy,
  untilLive,
  untilTidy,
} from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { fillVolume } from '../../support/volume.ts';

const MIB = 1024 * 1024;
const server = await BorgServer.start();
const source = await TemporaryDirectory.make('sigterm');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());
before(() => fillVolume(join(source.path, 'sigterm-data'), { files: 20, bytes: 2 * MIB, seed: 'sigterm' }));

/** Live, and past the first look, so that the next change is noticed an interval later or at the end. */
async function livePod(
  set: string,
  options: { link?: Link; env?: Record<string, string> } = {},
): Promise<Pod> {
  await server.init(set);
  const pod = await quickPod({ set, server, entry: quickMain, ...options });
  await pod.start();
  await untilLive(pod);
  return pod;
}

/** The newest archive is the last one that the container says it has saved, and holds what the volume holds. */
async function assertSaved(pod: Pod, set: string): Promise<void> {
  const names = await dataNames(server, set);
  assert.deepEqual(names, savedBy(pod));
  await using directory = await extractByHand(server, { set, name: names.at(-1) ?? '' });
  assert.deepEqual(compare(await snapshot(pod.dataDir), await snapshot(directory.path, { ignore: [] })), []);
}

test('the last write before SIGTERM is saved, as the final archive', async () => {
  const set = 'sigterm-last-write';
  await using pod = await livePod(set, { env: { BACKUP_INTERVAL: '1h' } });
  await put(pod, `${set}.txt`, 'sigterm-last-write: content');
  await endsClean(pod, set);
  const ends = (await dataOf(server, set)).map(({ comment: { final, closing } }) => ({ final, closing }));
  assert.deepEqual(ends, [{ final: true, closing: true }]);
  // It says itself that it is the last one.
  assert.deepEqual(await recordsOf(server, set), ['claim']);
  await assertSaved(pod, set);
});

test('a write during the save that SIGTERM interrupts is saved too, and a second SIGTERM changes nothing', async () => {
  const set = 'sigterm-in-flight';
  await using link = await Link.to(server.port);
  await using pod = await livePod(set, { link });
  const stalled = link.stallAfter(MIB, 'toServer');
  await put(pod, `${set}.large`, noise(set, 2 * MIB));
  await stalled;
  assert.equal(pod.seen('save.started').length, 1);
  await put(pod, `${set}.last`, 'sigterm-in-flight: written while the save ran');
  pod.container.signal('SIGTERM');
  await pod.event('sigterm');
  pod.container.signal('SIGTERM');
  assert.equal(existsSync(pod.readyFile), true);
  await link.heal();
  assert.equal((await pod.container.ended()).exitCode, 0, pod.log.tail());
  assert.equal(pod.seen('sigterm').length, 1);
  await leavesNothing(pod, set);
  assert.deepEqual(
    pod.seen('save.done').map(({ final }) => final),
    [false, true],
  );
  assert.deepEqual(await recordsOf(server, set), ['claim']);
  await assertSaved(pod, set);
});

test('with nothing to save, SIGTERM ends the pod within 2.5 s', async () => {
  const set = 'sigterm-unchanged';
  await using pod = await livePod(set);
  await put(pod, `${set}.txt`, 'sigterm-unchanged: content');
  await untilTidy(pod);
  const began = performance.now();
  await pod.terminate();
  const took = performance.now() - began;
  assert.ok(took < 2_500, `${took} ms`);
  await leavesNothing(pod, set);
  await assertSaved(pod, set);
  assert.deepEqual(await recordsOf(server, set), ['close closing final']);
});

// One after the other they would mostly wait.
describe('SIGTERM without a server that answers', { concurrency: true }, () => {
  test('SIGTERM in the middle of a restore ends the pod, and nothing is written anywhere', async () => {
    const set = 'sigterm-restoring';
    await server.init(set);
    await seedArchive(server, { set, directory: source.path });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link });
    const stalled = link.stallAfter(MIB);
    await pod.start();
    await stalled;
    await pod.event('restore.started');
    await endsClean(pod, 'sigterm-data');
    await link.heal();
    assert.deepEqual([...pod.seen('gate.opened'), ...pod.seen('save.started')], []);
    const marker = JSON.parse(await readFile(join(pod.dataDir, '.borg-volume-sync', 'state.json'), 'utf8'));
    assert.equal(marker.state, 'restoring');
    assert.deepEqual(await dataNames(server, set), [`${set}-0000000001`]);
    // It may have begun, and says nothing of its end: its successor waits a while for it.
    assert.ok((await recordsOf(server, set)).every((record) => record === 'claim'));
    // No lock is left for the next pod to wait for.
    await server.borg(['--lock-wait', '5', 'delete', `::${set}-0000000001`], { set });
  });

  test('SIGTERM while the server is awaited ends the pod at once', async () => {
    const set = 'sigterm-waiting';
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link });
    link.refuse();
    await pod.start();
    await until(
      () => pod.seen('failure').length,
      (failures) => failures >= 2,
    );
    await endsClean(pod, set);
    await link.heal();
    assert.deepEqual(await server.archives(set), []);
  });

  test('a server that is down until the deadline: exit code 1 and a sentence why', async () => {
    const set = 'sigterm-server-down';
    await using link = await Link.to(server.port);
    await using pod = await livePod(set, {
      link,
      env: { BACKUP_INTERVAL: '1h', FINAL_BACKUP_TIMEOUT: '1s' },
    });
    await put(pod, `${set}.txt`, 'sigterm-server-down: content');
    link.refuse();
    assert.equal((await pod.terminate()).exitCode, 1, pod.log.tail());
    const [first = '', ...more] = (await pod.lastWords()).split('\n');
    assert.match(first, /^The final save failed, so the newest changes are lost with this pod\. /);
    assert.match(first, /can't be reached \(.*Connection refused/);
    assert.deepEqual(more, ['']);
    await leavesNothing(pod, set);
  });

  test('a final save that is too slow is ended at the deadline: exit code 1, and no lock is left', async () => {
    const set = 'sigterm-deadline';
    const env = { BACKUP_INTERVAL: '1h', FINAL_BACKUP_TIMEOUT: '3s', UPLOAD_LIMIT: '20' };
    await using pod = await livePod(set, { env });
    await put(pod, `${set}.large`, noise(set, 4 * MIB));
    assert.equal((await pod.terminate()).exitCode, 1, pod.log.tail());
    assert.match(await pod.lastWords(), /^The final save failed.*FINAL_BACKUP_TIMEOUT/);
    await leavesNothing(pod, set);
    await server.borg(['--lock-wait', '0', 'create', '::sigterm-deadline-by-hand', '.'], {
      set,
      cwd: import.meta.dirname,
    });
    assert.deepEqual(
      (await server.archives(set)).map(({ name }) => name),
      [`${set}-0000000001`, 'sigterm-deadline-by-hand'],
    );
    assert.deepEqual(await recordsOf(server, set), ['claim']);
  });
});

test('STOPPING makes a save at once that is closing and not final; SIGTERM one that is final', async () => {
  const set = 'sigterm-prestop';
  await using pod = await livePod(set, { env: { BACKUP_INTERVAL: '1h' } });
  await put(pod, `${set}.early`, 'sigterm-prestop: before');
  await pod.prestop();
  await pod.event('prestop');
  await pod.event('save.done');
  await put(pod, `${set}.late`, 'sigterm-prestop: after');
  await endsClean(pod, set);
  const ends = (await dataOf(server, set)).map(({ comment: { final, closing } }) => ({ final, closing }));
  assert.deepEqual(ends, [
    { final: false, closing: true },
    { final: true, closing: true },
  ]);
  assert.deepEqual(await recordsOf(server, set), ['claim']);
  await assertSaved(pod, set);
});

test('with nothing to save, STOPPING makes a record that is closing and not final; SIGTERM one that is final', async () => {
  const set = 'sigterm-prestop-unchanged';
  await using pod = await livePod(set, { env: { BACKUP_INTERVAL: '1h' } });
  await pod.prestop();
  assert.equal((await pod.event('closed')).final, false);
  assert.deepEqual(await recordsOf(server, set), ['claim', 'close closing']);
  await endsClean(pod, set);
  assert.deepEqual(
    pod.seen('closed').map(({ final }) => final),
    [false, true],
  );
  assert.deepEqual(await recordsOf(server, set), ['claim', 'close closing', 'close closing final']);
  assert.deepEqual([...(await dataNames(server, set)), ...pod.seen('save.started')], []);
});
