import assert from 'node:assert/strict';
import { existsSync, watch } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataNames, dataOf, extractByHand, recordsOf } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import type { Pod } from '../../support/pod.ts';
import {
  endsClean,
  leavesNothing,
  mountedPod,
  put,
  quickMain,
  quickPod,
  savedBy,
  untilLive,
  untilTidy,
} from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { until, untilFile } from '../../support/until.ts';
import { addOddities } from '../../support/volume.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** Looks of a container whose gate is open: the volume was seen once more after all that came before. */
async function lookedAgain(pod: Pod, times = 1): Promise<void> {
  for (let seen = 0; seen < times; seen += 1) await pod.next('looked', ({ unsaved }) => unsaved === false);
}

/** What is made, changed or removed in a directory, name by name. */
function watching(directory: string, tell: (name: string) => void): Disposable {
  const watcher = watch(directory, (_event, name) => tell(name ?? ''));
  return { [Symbol.dispose]: () => watcher.close() };
}

test('an empty repository: the gate opens once it has answered, and closes at the end', async () => {
  const set = 'first-gate';
  await server.init(set);
  await using link = await Link.to(server.port);
  await using pod = await quickPod({ set, server, link, entry: quickMain });
  await writeFile(pod.readyFile, 'of an earlier container');
  await writeFile(pod.stoppingFile, 'of an earlier container');
  link.stall();
  await pod.start();
  await pod.event('server.listening');
  assert.deepEqual([pod.readyFile, pod.stoppingFile].filter(existsSync), []);
  assert.equal((await pod.get('/startup')).status, 503);
  assert.equal((await pod.get('/ready')).status, 503);
  assert.equal((await pod.get('/live')).status, 200);
  assert.equal(existsSync(pod.readyFile), false);

  await link.heal();
  await pod.event('gate.opened');
  assert.equal(existsSync(pod.readyFile), true);
  assert.equal((await pod.get('/startup')).status, 200);
  assert.equal((await pod.get('/ready')).status, 200);
  assert.deepEqual(pod.seen('prestop'), [], 'a STOPPING of an earlier container counted');
  await endsClean(pod, set);
  assert.deepEqual(await dataNames(server, set), [], 'an empty volume without a change was saved');
  assert.deepEqual(await recordsOf(server, set), ['claim', 'close closing final']);
});

test('READY does not exist before the volume is ready, not even for a moment', async () => {
  const set = 'first-moment';
  await server.init(set);
  await using link = await Link.to(server.port);
  await using pod = await quickPod({ set, server, link });
  const touched: string[] = [];
  using _watcher = watching(pod.tmpDir, (name) => touched.push(name));
  link.stall();
  await pod.start();
  await until(
    () => link.connections.open,
    (open) => open > 0,
  );
  assert.deepEqual(touched, []);
  await link.heal();
  await pod.event('gate.opened');
  await until(
    () => touched.length,
    (times) => times > 0,
  );
  await endsClean(pod, set);
});

test('a container that ends before its first look leaves no READY of an earlier one', async () => {
  const set = 'first-stale';
  await server.init(set);
  await using pod = await mountedPod({ set, server });
  await writeFile(pod.readyFile, 'of an earlier container');
  await pod.start({ BORG_PASSPHRASE_FILE: join(pod.dir, 'first-stale-is-not-mounted') });
  assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
  await leavesNothing(pod, set);
});

test('a change is saved within BACKUP_INTERVAL as an archive that says what it is', async () => {
  const set = 'first-change';
  await server.init(set);
  await using pod = await mountedPod({ set, server, env: { APP_VERSION: '12.1 {beta}' } });
  await pod.start();
  await pod.event('gate.opened');
  await lookedAgain(pod);
  const changed = Date.now();
  await put(pod, `${set}.change`, 'first-change: content');
  const noticed = await pod.event('looked', ({ files, unsaved }) => files === 1 && unsaved === true);
  assert.ok(Date.parse(String(noticed.time)) - changed < 2_000, 'noticed long after the interval');
  await pod.event('save.done');

  const writer = (await pod.event('writer')).writer;
  const [saved, ...more] = await dataOf(server, set);
  assert.deepEqual(more, []);
  const { name, comment } = saved ?? {};
  const seq = Number(/^first-change-(\d{10})$/.exec(name ?? '')?.[1]);
  assert.deepEqual([name], savedBy(pod));
  assert.match(comment?.try ?? '', /^[0-9a-f]{16}$/);
  // What was never done counts from the start.
  const { compacted = 0, checked } = comment ?? {};
  assert.ok(Math.abs(compacted * 1_000 - changed) < 60_000, String(compacted));
  assert.deepEqual(
    { ...comment, try: '' },
    {
      ...{ set, kind: 'data', seq, parent: { sequence: 0, id: '-' }, writer },
      ...{ claim: 1, try: '', pod: pod.name },
      ...{ final: false, closing: false, late: false, consistent: true, partial: false, lacks: [] },
      ...{ files: 1, bytes: 21, chunker: 'fixed,65536', app: '12.1 {beta}', restore: '-', guard: '-' },
      ...{ legacy: 0, added: 0, compacted, checked },
    },
  );
  await endsClean(pod, set);
});

test('an archive extracted by hand is exactly the volume, with nothing of ours', async () => {
  const set = 'first-by-hand';
  await server.init(set);
  await using pod = await mountedPod({ set, server, env: { BACKUP_INTERVAL: '1h' } });
  await pod.start();
  await untilLive(pod);
  await addOddities(join(pod.dataDir, set));
  await endsClean(pod, set);
  const volume = await snapshot(pod.dataDir, { times: true });
  const [name = '', ...more] = await dataNames(server, set);
  assert.deepEqual(more, []);
  await using directory = await extractByHand(server, { set, name });
  const extracted = await snapshot(directory.path, { times: true, ignore: [] });
  assert.deepEqual(compare(volume, extracted), []);
});

test('an unchanged volume costs no archive and no connection, and its end one that says so', async () => {
  const set = 'first-idle';
  await server.init(set);
  await using link = await Link.to(server.port);
  await using pod = await quickPod({ set, server, link });
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, `${set}.txt`, 'first-idle: the only change');
  await untilTidy(pod);
  const { accepted } = link.connections;
  const { toClient, toServer } = link.bytes;
  await lookedAgain(pod, 3);
  assert.equal(link.connections.accepted, accepted);
  assert.deepEqual(link.bytes, { toClient, toServer });
  await endsClean(pod, set);
  assert.equal(link.connections.accepted, accepted + 1, 'the end of an unchanged pod');
  assert.deepEqual(await dataNames(server, set), savedBy(pod));
  assert.deepEqual(await recordsOf(server, set), ['close closing final']);
});

test('INIT_REPOSITORY makes a missing repository, encrypted with the passphrase', async () => {
  const set = 'first-init';
  const passphrase = 'first-init: correct horse';
  const env = { INIT_REPOSITORY: 'true', BORG_PASSPHRASE: passphrase };
  await using pod = await mountedPod({ set, server, env });
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, `${set}.txt`, 'first-init: content');
  await endsClean(pod, set);
  const info = await server.json<{ encryption: { mode: string } }>(['info'], { set, passphrase });
  assert.equal(info.encryption.mode, 'repokey-blake2');
  assert.deepEqual(await dataNames(server, set, passphrase), savedBy(pod));
});

test('ON_NONEMPTY_VOLUME=adopt keeps the files of a volume without marker and saves them', async () => {
  const set = 'first-adopt';
  await server.init(set);
  await using pod = await mountedPod({ set, server, env: { ON_NONEMPTY_VOLUME: 'adopt' } });
  await addOddities(join(pod.dataDir, set));
  const before = await snapshot(pod.dataDir, { times: true });
  await pod.start();
  await pod.event('gate.opened');
  await untilFile(pod.readyFile);
  await untilTidy(pod);
  assert.deepEqual(compare(before, await snapshot(pod.dataDir, { times: true })), []);
  await endsClean(pod, set);
  const [name = '', ...more] = await dataNames(server, set);
  assert.deepEqual(more, []);
  await using directory = await extractByHand(server, { set, name });
  assert.deepEqual(compare(before, await snapshot(directory.path, { times: true, ignore: [] })), []);
  assert.deepEqual(await recordsOf(server, set), ['close closing final']);
});

test('a volume that is never quiet is not saved before BACKUP_INTERVAL, and once it is, within the quiet period', async () => {
  const set = 'first-quiet';
  await server.init(set);
  const env = { BACKUP_INTERVAL: '1h', BACKUP_QUIET_PERIOD: '1s', BACKUP_MIN_INTERVAL: '0s' };
  await using pod = await mountedPod({ set, server, entry: quickMain, env });
  await pod.start();
  await untilLive(pod);
  const lines = () => pod.lines.filter(({ event }) => event === 'looked' || event === 'save.started');
  const before = lines().length;
  const began = Date.now();
  let writes = 0;
  for (; Date.now() - began < 2_500; writes += 1) {
    await put(pod, `${set}.txt`, String(writes));
    await pod.next('looked');
  }
  const last = Date.now();
  assert.deepEqual(
    lines()
      .slice(before)
      .filter(({ event }) => event === 'save.started'),
    [],
  );
  const saved = await pod.event('save.started');
  assert.ok(Number(Date.parse(String(saved.time))) - last >= 900, `${saved.time}`);
  assert.ok(writes > 5, String(writes));
  await endsClean(pod, set);
});
