import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataNames, extractByHand, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import { noise } from '../../support/noise.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, leavesNothing, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { fillVolume } from '../../support/volume.ts';

const source = await TemporaryDirectory.make('reboots');
after(() => source[Symbol.asyncDispose]());
before(() => fillVolume(join(source.path, 'reboots-data'), { files: 20, bytes: 4_000_000, seed: 'reboots' }));

/** Switched off at once, with all its sessions, and on again. */
async function reboot(server: BorgServer): Promise<void> {
  await server.stop();
  await server.start();
}

async function newestHolds(server: BorgServer, set: string, pod: Pod): Promise<void> {
  const name = (await dataNames(server, set)).at(-1) ?? '';
  await using directory = await extractByHand(server, { set, name });
  assert.deepEqual(compare(await snapshot(pod.dataDir), await snapshot(directory.path, { ignore: [] })), []);
}

// A server each, since it is what goes down.
describe('the server reboots', { concurrency: true }, () => {
  test('while an archive is extracted', async () => {
    const set = 'reboots-extract';
    await using server = await BorgServer.start();
    await server.init(set);
    await seedArchive(server, { set, directory: source.path });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    const stalled = link.stallAfter(1_000_000);
    await pod.start();
    await stalled;
    await reboot(server);
    await link.heal();
    await pod.event('gate.opened');
    assert.ok(pod.seen('failure').length > 0);
    assert.deepEqual(compare(await snapshot(source.path), await snapshot(pod.dataDir)), []);
    await endsClean(pod, 'reboots-data');
  });

  test('while a change is saved, and again while the last one is', async () => {
    const set = 'reboots-save';
    await using server = await BorgServer.start();
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    await untilLive(pod);
    const inTheMiddle = link.stallAfter(1_000_000, 'toServer');
    await put(pod, `${set}.large`, noise(set, 4_000_000));
    await inTheMiddle;
    await reboot(server);
    await link.heal();
    await pod.event('failure');
    await pod.event('save.done');

    const inTheLast = link.stallAfter(1_000_000, 'toServer');
    await put(pod, `${set}.more`, noise(`${set} more`, 4_000_000));
    pod.container.signal('SIGTERM');
    await inTheLast;
    await reboot(server);
    await link.heal();
    assert.equal((await pod.container.ended()).exitCode, 0, pod.log.tail());
    await leavesNothing(pod, set);
    assert.equal(pod.seen('save.done').at(-1)?.final, true);
    await newestHolds(server, set, pod);
  });

  test('before the answer to a commit arrives: the archive is known as its own, and nothing is lost', async (t) => {
    const set = 'reboots-answer';
    await using server = await BorgServer.start();
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    await untilLive(pod);
    // What the server says at the end of a save of the same size tells where the answer is.
    await put(pod, `${set}.txt`, 'reboots-answer: 0');
    const before = link.bytes.toClient;
    await pod.event('save.done');
    const ofSave = link.bytes.toClient - before;
    let lost = 0;
    for (let round = 1; round <= 12 && lost === 0; round += 1) {
      const names = await dataNames(server, set);
      const cut = link.cutAfter(Math.floor(ofSave * (0.3 + 0.05 * round)), 'toClient');
      await put(pod, `${set}.txt`, `reboots-answer: ${round}`);
      const told = () => [...pod.seen('failure'), ...pod.seen('save.done')].length;
      const before = told();
      await cut;
      // Where it came after the last answer that mattered, the save is done.
      await until(told, (count) => count > before);
      const made = (await dataNames(server, set)).filter((name) => !names.includes(name));
      const acknowledged = pod.seen('save.done').map(({ archive }) => archive);
      lost += made.filter((name) => !acknowledged.includes(name)).length;
      await link.heal();
      await pod.next('looked', ({ unsaved }) => unsaved === false);
    }
    t.diagnostic(`${lost} commit whose answer was lost`);
    assert.ok(lost > 0, 'no answer to a commit was cut off');
    assert.deepEqual(pod.seen('fenced'), []);
    await endsClean(pod, set);
    await newestHolds(server, set, pod);
  });
});
