import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { dataNames, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import type { Pod } from '../../support/pod.ts';
import {
  endsClean,
  leavesNothing,
  mountedPod,
  quickMain,
  quickPod,
  untilLive,
} from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { Tmpfs } from '../../support/tmpfs.ts';
import { addOddities, addOwners, fillVolume } from '../../support/volume.ts';

const isRoot = process.getuid?.() === 0;
const server = await BorgServer.start();
const source = await TemporaryDirectory.make('restore');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
/** What the tests of interrupted restores restore. */
const filled = join(source.path, 'filled');
before(() => fillVolume(join(filled, 'restore-killed'), { files: 40, bytes: 4 * MIB, seed: 'restore' }));

async function markerState(pod: Pod): Promise<string> {
  return JSON.parse(await readFile(join(pod.dataDir, '.borg-volume-sync', 'state.json'), 'utf8')).state;
}

test('a volume of every kind of entry comes back byte for byte, from the newest number', async () => {
  const set = 'restore-odd';
  await server.init(set);
  await using pod = await mountedPod({ set, server, env: { BACKUP_INTERVAL: '1h' } });
  const volume = join(pod.dataDir, set);
  await pod.start();
  await untilLive(pod);
  await addOddities(volume);
  await execa('mkfifo', [join(volume, 'fifo')]);
  if (isRoot) {
    await addOwners(volume, [
      [1005, 1005],
      [100_123, 0],
    ]);
    await mkdir(join(volume, 'closed', 'inside'), { recursive: true });
    await writeFile(join(volume, 'closed', 'file'), 'restore-odd: in a directory of mode 000');
    await chmod(join(volume, 'closed'), 0);
  }
  const before = await snapshot(pod.dataDir, { times: true });
  await endsClean(pod, set);
  // Higher by its time stamp, lower by its number.
  const [first = '', ...more] = (await server.archives(set)).map(({ name }) => name);
  await server.borg(['delete', `::${first}`, ...more], { set });
  await seedArchive(server, { set, directory: filled, args: ['--timestamp', '2038-01-01T00:00:00'] });
  await seedArchive(server, { set, sequence: 2, directory: pod.dataDir });

  await pod.newVolume();
  await pod.start();
  const done = await pod.event('restore.done');
  assert.equal(done.archive, `${set}-0000000002`);
  assert.equal(done.entries, before.size);
  assert.deepEqual(compare(before, await snapshot(pod.dataDir, { times: true })), []);
  await endsClean(pod, set);
  const expected = [`${set}-0000000001`, `${set}-0000000002`];
  assert.deepEqual(await dataNames(server, set), expected, 'a restored volume without a change was saved');
});

test('what the sidecar has saved, the sidecar restores', async () => {
  const set = 'restore-own';
  await server.init(set);
  await using pod = await mountedPod({ set, server, env: { BACKUP_INTERVAL: '1h' } });
  await pod.start();
  await untilLive(pod);
  await addOddities(join(pod.dataDir, set));
  const before = await snapshot(pod.dataDir, { times: true });
  await endsClean(pod, set);
  await pod.newVolume();
  await pod.start();
  await pod.event('gate.opened');
  assert.deepEqual(compare(before, await snapshot(pod.dataDir, { times: true })), []);
  await endsClean(pod, set);
});

/** Ends the restore of a new volume at a moment, then lets the next container begin. */
async function killedAt(pod: Pod, link: Link, moment: () => Promise<unknown>): Promise<void> {
  await pod.newVolume();
  const reached = moment();
  await pod.start();
  await reached;
  await pod.kill();
  await link.heal();
  assert.equal(existsSync(pod.readyFile), false);
  assert.deepEqual(pod.seen('gate.opened'), []);
  assert.equal(await markerState(pod), 'restoring');
  // Whatever lies there, the application has never run on it.
  await writeFile(join(pod.dataDir, 'restore-killed-left-over'), 'of an archive that was the newest before');
  await pod.start();
}

test('a restore that is killed after any number of bytes begins anew, and only then is the pod ready', async (t) => {
  const set = 'restore-killed';
  await server.init(set);
  await seedArchive(server, { set, directory: filled });
  await using link = await Link.to(server.port);
  await using pod = await quickPod({ set, server, link, entry: quickMain, isolated: true });
  const expected = await snapshot(filled, { times: true });
  // Host keys, the list, and the rest of it at any byte of the data.
  for (const bytes of [1_000, 20_000, MIB, 3 * MIB, 4 * MIB]) {
    await killedAt(pod, link, () => link.stallAfter(bytes));
    t.diagnostic(`killed after ${bytes} bytes`);
    assert.equal(existsSync(pod.readyFile), false);
    // A pod that ends before its gate is open says nothing of its end, so the next one would wait.
    await pod.event('gate.opened');
    assert.equal(pod.seen('restore.done').length, 1);
    assert.deepEqual(compare(expected, await snapshot(pod.dataDir, { times: true })), []);
    await endsClean(pod, set);
  }
});

test('an extraction that lacks a file and reports success is not believed', async () => {
  const set = 'restore-lacking';
  await server.init(set);
  await seedArchive(server, { set, directory: filled });
  await using pod = await mountedPod({ set, server, entry: quickMain });
  const { PATH = '' } = pod.environment;
  const bin = join(pod.dir, 'bin');
  await mkdir(bin);
  const forgetful = `#!/bin/sh
PATH='${PATH}'
[ "$1" = extract ] && [ ! -e '${bin}/extracted' ] || exec borg "$@"
touch '${bin}/extracted'
borg "$@" && find . -name file-7.bin -delete
`;
  await writeFile(join(bin, 'borg'), forgetful, { mode: 0o755 });
  await pod.start({ PATH: `${bin}:${PATH}` });
  const failure = await pod.event('failure');
  assert.equal(failure.reason, 'incomplete');
  assert.match(String(failure.msg), /file-7\.bin" is missing/);
  await pod.event('gate.opened');
  assert.equal(pod.seen('restore.done').length, 1);
  assert.deepEqual(compare(await snapshot(filled), await snapshot(pod.dataDir)), []);
  await endsClean(pod, 'restore-killed');
});

test('log and status say how far a restore is, until it is done', async () => {
  const set = 'restore-progress';
  await server.init(set);
  await seedArchive(server, { set, directory: filled, comment: { files: 20, bytes: 8 * MIB } });
  await using link = await Link.to(server.port);
  await using pod = await quickPod({ set, server, link, entry: quickMain });
  const stalled = link.stallAfter(MIB);
  await pod.start();
  await stalled;
  const line = await pod.event('restore.progress', ({ entries }) => Number(entries) > 0);
  assert.match(String(line.msg), /^Restored \d+ %, \d+ of \d+ entries, .+ of .+ MB, /);
  const { restoring = {} } = await pod.status<{ restoring?: Record<string, number> }>();
  for (const name of ['percent', 'entries', 'ofEntries', 'ofBytes', 'secondsLeft']) {
    assert.ok(Number(restoring[name]) >= 0, `${name}: ${JSON.stringify(restoring)}`);
  }
  await link.heal();
  await pod.event('gate.opened');
  assert.equal((await pod.status()).restoring, undefined);
  await pod.terminate();
});

for (const event of ['writer', 'restore.started', 'restore.progress', 'restore.done']) {
  test(`a container that is killed at ${event} leaves the next one a complete restore`, async () => {
    const set = `restore-killed-${event.replace('.', '-')}`;
    await server.init(set);
    await seedArchive(server, { set, directory: filled });
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain, isolated: true });
    await pod.start();
    await pod.event(event);
    await pod.kill();
    const opened = pod.seen('gate.opened').length > 0;
    assert.equal(existsSync(pod.readyFile), opened, pod.log.tail());
    await pod.start();
    await pod.event('gate.opened');
    assert.deepEqual(compare(await snapshot(filled), await snapshot(pod.dataDir)), []);
    await pod.terminate();
    await leavesNothing(pod, 'restore-killed');
  });
}

const smallDisk = { skip: isRoot ? false : 'only root can mount a small disk' };

test(
  'an archive larger than the disk is refused by name before anything is extracted',
  smallDisk,
  async () => {
    const set = 'restore-too-large';
    await server.init(set);
    const name = await seedArchive(server, { set, directory: filled, comment: { bytes: 4 * MIB } });
    await using pod = await mountedPod({ set, server });
    await using _disk = await Tmpfs.mount(pod.dataDir, '2m');
    await pod.start();
    assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
    assert.match(
      await pod.lastWords(),
      new RegExp(`^The archive ${name} holds ${4 * MIB} bytes, but the volume`),
    );
    assert.deepEqual([...pod.seen('restore.started'), ...pod.seen('gate.opened')], []);
    await leavesNothing(pod, set);
  },
);

/** Borg fails on a directory that it can't make, and merely warns of a file that it can't write. */
const shapes = [
  { shape: 'directories', files: 40 },
  { shape: 'single files', files: 1 },
];
for (const { shape, files } of shapes) {
  test(
    `a disk that fills up while ${shape} of unknown size come out is named as the pod's own`,
    smallDisk,
    async () => {
      const set = `restore-disk-full-${files}`;
      await server.init(set);
      await using large = await TemporaryDirectory.make('restore-large');
      await fillVolume(join(large.path, set), { files, bytes: 4 * MIB, seed: set });
      await server.borg(['create', '::1700000000', '.'], { set, cwd: large.path });
      await using pod = await mountedPod({ set, server });
      await using _disk = await Tmpfs.mount(pod.dataDir, '2m');
      await pod.start();
      assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
      assert.match(await pod.lastWords(), /^This pod's disk is full/);
      assert.equal((await pod.event('stopped')).reason, 'own-disk-full');
      assert.deepEqual(pod.seen('gate.opened'), []);
      assert.deepEqual(pod.seen('failure'), [], 'a full disk was tried again');
      assert.equal(await markerState(pod), 'restoring');
      await leavesNothing(pod, set);

      // What filled the disk is wiped before anything else is written to it.
      await using small = await TemporaryDirectory.make('restore-small');
      await writeFile(join(small.path, `${set}.small`), `${set}: small`);
      await server.borg(['create', '::1700000001', '.'], { set, cwd: small.path });
      await pod.start();
      await pod.event('gate.opened');
      assert.deepEqual((await readdir(pod.dataDir)).sort(), ['.borg-volume-sync', `${set}.small`]);
      await endsClean(pod, set);
    },
  );
}
