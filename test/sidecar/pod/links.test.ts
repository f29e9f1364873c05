import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataNames, extractByHand, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { within } from '../../support/limit.ts';
import { type Direction, Link } from '../../support/link.ts';
import { noise, pick } from '../../support/noise.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, put, quickMain, quickPod, savedBy } from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { fillVolume } from '../../support/volume.ts';

const server = await BorgServer.start();
const source = await TemporaryDirectory.make('links');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
before(() => fillVolume(join(source.path, 'links-data'), { files: 30, bytes: 2 * MIB, seed: 'links' }));

const CUTS = 4;
/** LINKS_SEED repeats a run. */
const seed = process.env.LINKS_SEED ?? String(Date.now());

/** Cuts the link again and again, each time after another number of bytes, and awaits that it was noticed. */
async function cutSeveralTimes(pod: Pod, link: Link, direction: Direction): Promise<number[]> {
  const cuts: number[] = [];
  for (let index = 0; index < CUTS; index += 1) {
    // Of every magnitude: the handshake, the list, the data.
    const bytes = pick(`${seed}/${direction}`, index, [3_000, 30_000, 300_000, 2 * MIB][index] ?? 0);
    cuts.push(bytes);
    // What is tried again waits behind a closed door until the next cut is prepared.
    await link.heal();
    await within(link.cutAfter(bytes, direction), '60s', () => `${bytes} bytes ${direction}`);
    link.refuse();
    const { reason, class: kind } = await pod.next('failure');
    assert.deepEqual({ reason, kind }, { reason: 'unreachable', kind: 'transient' });
  }
  await link.heal();
  return cuts;
}

async function unsavedAge(pod: Pod): Promise<number> {
  const { text } = await pod.get('/metrics');
  return Number(/^borg_volume_sync_unsaved_change_age_seconds (\S+)$/m.exec(text)?.[1]);
}

// One after the other they would mostly wait.
describe('a link that fails', { concurrency: true }, () => {
  test('cut at any byte of a restore: it begins anew, and only a whole one opens the gate', async (t) => {
    const set = 'links-cut-restore';
    await server.init(set);
    await seedArchive(server, { set, directory: source.path });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    const cuts = await cutSeveralTimes(pod, link, 'toClient');
    t.diagnostic(`LINKS_SEED=${seed} cut after ${cuts.join(', ')} bytes`);
    assert.deepEqual(pod.seen('gate.opened'), []);
    assert.equal(existsSync(pod.readyFile), false);
    await pod.event('gate.opened');
    assert.deepEqual(
      compare(await snapshot(source.path, { times: true }), await snapshot(pod.dataDir, { times: true })),
      [],
    );
    assert.equal((await pod.status()).failure, undefined);
    await endsClean(pod, 'links-data');
  });

  test('cut at any byte of a save: the archive that is confirmed in the end is whole', async (t) => {
    const set = 'links-cut-save';
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    await pod.event('gate.opened');
    await put(pod, `${set}.large`, noise(set, 3 * MIB));
    const cuts = await cutSeveralTimes(pod, link, 'toServer');
    t.diagnostic(`LINKS_SEED=${seed} cut after ${cuts.join(', ')} bytes`);
    const { archive } = await pod.event('save.done');
    await pod.event('recovered');
    await endsClean(pod, set);
    await using directory = await extractByHand(server, { set, name: String(archive) });
    assert.deepEqual(compare(await snapshot(pod.dataDir), await snapshot(directory.path)), []);
    assert.equal((await dataNames(server, set)).at(-1), archive);
  });

  test('stalled in the middle of a restore: given up for a new attempt, while nothing is ready', async () => {
    const set = 'links-stalled';
    await server.init(set);
    await seedArchive(server, { set, directory: source.path });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    const stalled = link.stallAfter(MIB);
    await pod.start();
    await stalled;
    // ssh asks three times for a sign of life, 10 s apart, and gives up 10 s later.
    assert.equal((await pod.event('failure', undefined, '60s')).reason, 'unreachable');
    assert.equal(existsSync(pod.readyFile), false);
    await link.heal();
    await pod.event('gate.opened');
    assert.deepEqual(compare(await snapshot(source.path), await snapshot(pod.dataDir)), []);
    await endsClean(pod, 'links-data');
  });

  test('refused at the start: the pod waits and says why, and restores when the server is there', async () => {
    const set = 'links-refused-start';
    await server.init(set);
    await seedArchive(server, { set, directory: source.path });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    link.refuse();
    await pod.start();
    await pod.event('state', ({ state }) => state === 'waiting');
    const { state, ready, failure } = await pod.status<{
      state: string;
      ready: boolean;
      failure: { reason: string; message: string };
    }>();
    assert.deepEqual({ ready, reason: failure.reason }, { ready: false, reason: 'unreachable' });
    assert.match(state, /^(?:waiting|starting)$/);
    assert.match(failure.message, /can't be reached \(.*Connection refused/);
    const startup = await pod.get('/startup');
    assert.equal(startup.status, 503);
    assert.match(startup.text, /^Not yet: (?:waiting|starting), because of "unreachable"\.$/m);
    // It would wait for ever.
    await until(
      () => pod.seen('failure').length,
      (failures) => failures >= 5,
    );
    assert.equal(existsSync(pod.readyFile), false);

    await link.heal();
    await pod.event('gate.opened');
    assert.deepEqual(compare(await snapshot(source.path), await snapshot(pod.dataDir)), []);
    assert.equal((await pod.status()).failure, undefined);
    await endsClean(pod, 'links-data');
  });

  test('refused while live: the data is left alone, its age is told, and it recovers by itself', async () => {
    const set = 'links-refused-live';
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    await pod.event('gate.opened');
    assert.equal(await unsavedAge(pod), 0);
    link.refuse();
    await put(pod, `${set}.txt`, 'links-refused-live: unsaved');
    await pod.event('failure');
    const age = await unsavedAge(pod);
    assert.ok(age > 0);
    await pod.next('failure');
    assert.ok((await unsavedAge(pod)) > age, 'an unsaved change does not get older');
    assert.equal((await pod.get('/startup')).status, 200);
    assert.equal(existsSync(pod.readyFile), true);
    assert.equal(await readFile(join(pod.dataDir, `${set}.txt`), 'utf8'), 'links-refused-live: unsaved');

    await link.heal();
    await pod.event('recovered');
    await pod.event('save.done');
    assert.equal(await unsavedAge(pod), 0);
    assert.equal((await pod.status()).failure, undefined);
    await endsClean(pod, set);
    assert.deepEqual(await dataNames(server, set), savedBy(pod));
    assert.equal(savedBy(pod).length, 1);
  });
});
