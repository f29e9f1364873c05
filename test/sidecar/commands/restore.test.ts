import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { heldLock } from '../../support/held-lock.ts';
import { Link } from '../../support/link.ts';
import { mountedPod, put, untilLive } from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { addOddities, fillVolume } from '../../support/volume.ts';
import { CommandLine, putArchive } from './command-line.ts';

const server = await BorgServer.start();
const source = await TemporaryDirectory.make('restore');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
const set = 'restored';
const fork = `${set}.fork-aaaabbbbccccdddd-1`;
/** One directory of content for each archive. */
const content = (name: string) => join(source.path, name);

before(async () => {
  for (const name of ['odd', 'fork', 'legacy']) {
    await mkdir(content(name));
    await writeFile(join(content(name), `${set}.txt`), name);
  }
  await addOddities(content('odd'));
  await fillVolume(content('large'), { files: 20, bytes: 4 * MIB, seed: 'restore' });
  await server.init(set);
  await seedArchive(server, { set, directory: content('odd') });
  await seedArchive(server, { set, directory: content('fork'), sequence: 2, comment: { final: true } });
  await putArchive(server, { set, name: fork, directory: content('fork'), says: { kind: 'fork', seq: 1 } });
  await putArchive(server, { set, name: '1700000000', directory: content('legacy') });
});

test('an older archive lies in a new directory, byte for byte, while the pod lives and goes on', async () => {
  const own = 'restore-live';
  await server.init(own);
  await seedArchive(server, { set: own, directory: content('odd') });
  await using pod = await mountedPod({ set: own, server });
  await pod.start();
  await untilLive(pod);
  await put(pod, `${own}.txt`, 'newer than the archive');
  // The claim goes once there is data above it.
  await pod.event('deleted');
  const names = (await server.archives(own)).map(({ name }) => name);
  const volume = await snapshot(pod.dataDir);

  const line = CommandLine.of(pod, server, own);
  const to = join(pod.tmpDir, 'deep', 'new');
  const args = ['restore', '--archive', `${own}-0000000001`, '--to', to];
  const { exitCode, stdout, stderr } = await line.run(args);
  assert.equal(exitCode, 0, stderr);
  assert.match(
    stdout,
    /^Restored restore-live-0000000001 \(of the pod \S+, 20\S+Z\) into \S+new: \d+ entries, \d+ bytes; compared with the archive's list\.$/,
  );
  assert.deepEqual(
    compare(await snapshot(content('odd'), { times: true }), await snapshot(to, { times: true })),
    [],
  );
  assert.deepEqual(compare(volume, await snapshot(pod.dataDir)), []);
  assert.deepEqual(
    (await server.archives(own)).map(({ name }) => name),
    names,
  );
  await put(pod, `${own}.txt`, 'the sidecar still finds its agent and its cache');
  await pod.next('save.done');
  assert.deepEqual(
    (await readdir(pod.stateDir)).filter((name) => name.startsWith('command-')),
    [],
  );
  await pod.terminate();
});

test("a fork and an archive of the predecessor come back too, past a lock and the volume's limit", async () => {
  await using line = await CommandLine.in(server, set);
  await using _ = await heldLock(server, set);
  const to = join(line.pod.dir, 'fork');
  await mkdir(to);
  const waiting = await line.run(['restore', '--archive', fork, '--to', to]);
  assert.notEqual(waiting.exitCode, 0);
  assert.match(waiting.stderr, /locked by another borg.*only if it is dead, add --bypass-lock/);
  const { exitCode, stderr } = await line.run(['restore', '--archive', fork, '--to', to, '--bypass-lock']);
  assert.equal(exitCode, 0, stderr);
  assert.equal(await readFile(join(to, `${set}.txt`), 'utf8'), 'fork');

  const legacy = join(line.pod.dir, 'legacy');
  const { stdout } = await line.run(['restore', '--archive', '1700000000', '--to', legacy, '--bypass-lock'], {
    VOLUME_SIZE_LIMIT: '1',
  });
  assert.match(stdout, /^Restored 1700000000 \(of the predecessor, /);
  assert.equal(await readFile(join(legacy, `${set}.txt`), 'utf8'), 'legacy');
  assert.deepEqual(await line.leftovers(), []);
});

test('a directory that is not empty or lies in the volume is refused, and nothing is written there', async () => {
  await using line = await CommandLine.in(server, set);
  const { pod } = line;
  const full = join(pod.dir, 'full');
  await mkdir(full);
  await writeFile(join(full, 'mine'), '');
  for (const [to, why] of [
    [full, /which is not empty: it has "mine"/],
    [pod.dataDir, /which is in the volume/],
    [join(pod.dataDir, 'new'), /which is in the volume/],
    [join(full, 'mine', 'below'), /which can't be made \(ENOTDIR/],
  ] as const) {
    const { exitCode, stdout, stderr } = await line.run(['restore', '--archive', fork, '--to', to]);
    assert.equal(exitCode, 2, to);
    assert.equal(stdout, '');
    assert.match(stderr, /^--to is "/);
    assert.match(stderr, why);
  }
  assert.deepEqual([await readdir(full), await readdir(pod.dataDir)], [['mine'], []]);
});

test('an archive that is not there, or holds nothing, is refused with what there is', async () => {
  await using line = await CommandLine.in(server, set);
  const name = `${set}-0000000003`;
  await seedArchive(server, { set, directory: content('fork'), sequence: 3, comment: { kind: 'claim' } });
  const to = join(line.pod.dir, 'to');
  const missing = await line.run(['restore', '--archive', `${set}-000000002`, '--to', to]);
  assert.equal(missing.exitCode, 2);
  assert.match(
    missing.stderr,
    /^There is no archive "restored-000000002": .* The nearest: restored-0000000002, /,
  );
  const claim = await line.run(['restore', '--archive', name, '--to', to]);
  assert.equal(claim.exitCode, 2);
  assert.match(claim.stderr, /^restored-0000000003 is a claim of the pod \S+, a note that holds no files: /);
  assert.equal(existsSync(to), false);
  await server.borg(['delete', `::${name}`], { set });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends all that was started and leaves the directory as it was`, async () => {
    const own = `restore-${signal.toLowerCase()}`;
    await server.init(own);
    await seedArchive(server, { set: own, directory: content('large') });
    await using link = await Link.to(server.port);
    await using line = await CommandLine.in(server, own, link);
    const to = join(line.pod.dir, 'to');
    await mkdir(to);
    const stalled = link.stallAfter(2 * MIB);
    const running = line.spawn(['restore', '--archive', `${own}-0000000001`, '--to', to]);
    // A command that has failed before ends the wait: what it says is compared below.
    await Promise.race([stalled, running]);
    running.nodeChildProcess.kill(signal);
    await link.heal();
    const { exitCode, stderr, stdout } = await running;
    assert.equal(exitCode, 1, String(stderr));
    assert.equal(stdout, '');
    assert.match(String(stderr), new RegExp(`Ended by ${signal}, before it was done\\.$`));
    assert.deepEqual(await readdir(to), []);
    assert.deepEqual(await line.leftovers(), []);
  });
}

test('a link that breaks is named, and the half that came is gone', async () => {
  const own = 'restore-cut';
  await server.init(own);
  await seedArchive(server, { set: own, directory: content('large') });
  await using link = await Link.to(server.port);
  await using line = await CommandLine.in(server, own, link);
  const to = join(line.pod.dir, 'to');
  const cut = link.cutAfter(2 * MIB);
  const running = line.run(['restore', '--archive', `${own}-0000000001`, '--to', to]);
  await Promise.race([cut, running]);
  const { exitCode, stderr } = await running;
  assert.equal(exitCode, 3);
  assert.match(stderr, /can't be reached|did not arrive whole/);
  assert.equal(existsSync(to), false);
});
