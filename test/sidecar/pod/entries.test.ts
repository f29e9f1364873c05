import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { commentsOf, dataNames, dataOf, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import { noise } from '../../support/noise.ts';
import { needsRoot, OTHER_USER } from '../../support/other-user.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import {
  endsClean,
  mountedPod,
  put,
  quickMain,
  quickPod,
  savedBy,
  untilLive,
} from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const mounted: Environment = { REPO_BASE: server.reposDir };
const asSomebody = { skip: needsRoot };

/** The paths of an archive but its root, each with its owner. */
async function listed(set: string, name: string): Promise<Record<string, number>> {
  const { stdout } = await server.borg(['list', '--format', '{uid} {path}{NL}', `::${name}`], { set });
  const entries = stdout.split('\n').filter((line) => line !== '' && !line.endsWith(' .'));
  return Object.fromEntries(
    entries.map((line) => [line.slice(line.indexOf(' ') + 1), Number.parseInt(line, 10)]),
  );
}

test(
  'what can not be read is named and lacking, the rest is saved, and nothing is deleted from then on',
  asSomebody,
  async () => {
    const set = 'unreadable';
    await server.init(set);
    const [fine, secret, closed] = [`${set}-fine`, `${set}-a, b=c`, `${set}-closed`];
    await using pod = await quickPod({ set, server, entry: quickMain, uid: OTHER_USER });
    await pod.start();
    await untilLive(pod);
    const aside = join(pod.dir, 'aside');
    await mkdir(join(aside, 'closed'), { recursive: true });
    await writeFile(join(aside, 'closed', 'inside'), 'out of reach');
    await chmod(join(aside, 'closed'), 0o700);
    await rename(join(aside, 'closed'), join(pod.dataDir, closed));
    await writeFile(join(aside, 'secret'), 'out of reach', { mode: 0o600 });
    await rename(join(aside, 'secret'), join(pod.dataDir, secret));
    // Somebody else's, and readable.
    await writeFile(join(aside, 'fine'), 'in reach');
    await rename(join(aside, 'fine'), join(pod.dataDir, fine));

    const saved = await pod.event('save.done');
    assert.equal(saved.partial, true);
    const named = await pod.event('unreadable');
    assert.equal(named.level, 'error');
    await pod.event('looked', ({ unsaved, unreadable }) => unreadable === 2 && unsaved === false);
    const guarded = await pod.event('guarded');
    assert.deepEqual(
      [guarded.level, guarded.partial, guarded.archive, guarded.against],
      ['error', true, saved.archive, '0'],
    );
    const partial = (await dataOf(server, set)).at(-1);
    assert.equal(partial?.comment.partial, true);
    assert.equal(partial.comment.guard, '0');
    assert.deepEqual(partial.comment.lacks, [secret, closed]);
    assert.deepEqual(await listed(set, partial.name), { [fine]: 0 });
    assert.match((await pod.get('/metrics')).text, /^borg_volume_sync_unreadable_entries 2$/m);
    assert.deepEqual((await pod.status()).unreadable, [secret, closed]);

    await chmod(join(pod.dataDir, secret), 0o644);
    await chmod(join(pod.dataDir, closed), 0o755);
    await pod.event('save.done', ({ partial }) => partial === false);
    await endsClean(pod, set);
    const whole = (await dataOf(server, set)).at(-1);
    assert.deepEqual([whole?.comment.lacks, whole?.comment.guard], [[], '0']);
    assert.deepEqual(Object.keys(await listed(set, whole?.name ?? '')).sort(), [
      ...[secret, closed, `${closed}/inside`, fine],
    ]);
    assert.equal(pod.seen('guarded').length, 1);
    assert.deepEqual([...pod.seen('deleted'), ...pod.seen('delete.failed')], []);
  },
);

test('a restore says what the archive lacks, and goes on', async () => {
  const set = 'lacking';
  await server.init(set);
  const lacks = [`${set}-a, b=c`, `${set}-closed`];
  await using pod = await mountedPod({ set, server, entry: quickMain });
  await writeFile(join(pod.tmpDir, `${set}-fine`), 'in reach');
  const comment = { partial: true, lacks, guard: '1' };
  const name = await seedArchive(server, { set, sequence: 2, directory: pod.tmpDir, comment });
  await pod.start();
  const warning = await pod.event('restore.partial');
  assert.equal(warning.level, 'warn');
  assert.ok(warning.msg?.includes(`(${lacks.join(', ')})`), pod.log.tail());
  assert.equal((await pod.event('restore.done')).archive, name);
  await untilLive(pod);
  await put(pod, `${set}-more`, 'saved under the guard of the archive before');
  const { archive } = await pod.event('save.done');
  await endsClean(pod, set);
  const { partial, guard } = (await commentsOf(server, set))[String(archive)] ?? {};
  assert.deepEqual({ partial, guard }, { partial: false, guard: '1' });
});

/**
 * Saves a directory of three files and stops borg in the middle of the first; `act` changes the second. Borg reads in
 * the order of inodes.
 */
async function changedUnderBorg(pod: Pod, link: Link, name: string, act: (path: string) => Promise<void>) {
  const aside = join(pod.dir, 'aside');
  await mkdir(aside);
  const files: { name: string; ino: number }[] = [];
  for (const name of ['one', 'two', 'three']) {
    await using file = await open(join(aside, name), 'w');
    files.push({ name, ino: (await file.stat()).ino });
  }
  const [first, second] = files.sort((a, b) => a.ino - b.ino).map((file) => file.name);
  await writeFile(join(aside, first ?? ''), noise(name, 4_000_000));
  const stalled = link.stallAfter(1_000_000, 'toServer');
  await rename(aside, join(pod.dataDir, name));
  await stalled;
  await act(join(pod.dataDir, name, second ?? ''));
  await link.heal();
  return `${name}/${second}`;
}

describe('what changes between the look and borg', { concurrency: 2 }, () => {
  test(
    'an archive that lacks more than it says is followed at once by one that says it',
    asSomebody,
    async () => {
      const set = 'late';
      await server.init(set);
      await using link = await Link.to(server.port);
      await using pod = await quickPod({ set, server, link, entry: quickMain, uid: OTHER_USER });
      await pod.start();
      await untilLive(pod);
      const lacking = await changedUnderBorg(pod, link, `${set}-dir`, (path) => chmod(path, 0o000));
      const saved = await pod.event('save.done');
      assert.equal(saved.partial, true);
      assert.equal(pod.seen('failure').length, 0);
      await endsClean(pod, set);
      const [first, second, ...more] = await dataOf(server, set);
      assert.deepEqual(more, []);
      assert.deepEqual([first?.comment.lacks, second?.comment.lacks], [[], [lacking]]);
      assert.equal(second?.comment.parent.sequence, first?.comment.seq);
      // The first one is not known to be saved, and a number that is guarded against is one of the volume's own.
      assert.deepEqual(savedBy(pod), [second?.name]);
      assert.equal(second?.comment.guard, String(first?.comment.seq));
    },
  );

  test('an entry that vanishes is no failure', async () => {
    const set = 'vanishing';
    await server.init(set);
    await using link = await Link.to(server.port);
    await using pod = await quickPod({ set, server, link, entry: quickMain });
    await pod.start();
    await untilLive(pod);
    const vanished = await changedUnderBorg(pod, link, `${set}-dir`, (path) => rm(path));
    const saved = await pod.event('save.done');
    assert.equal(saved.partial, false);
    assert.equal(pod.seen('failure').length, 0);
    await endsClean(pod, set);
    assert.equal((await dataNames(server, set))[0], saved.archive, 'another was made before it');
    const entries = Object.keys(await listed(set, String(saved.archive)));
    assert.equal(entries.length, 3);
    assert.ok(!entries.includes(vanished));
  });
});

test('what EXCLUDE names is in no archive, and its changes are none', async () => {
  const set = 'excluded';
  await server.init(set);
  await using pod = await mountedPod({ set, server, entry: quickMain });
  await pod.start({ ...mounted, EXCLUDE: `# scratch\n*.tmp\nsh:**/cache\npp:${set}-logs\n` });
  await untilLive(pod);
  const aside = join(pod.dir, 'aside');
  for (const directory of ['cache', 'logs/2026', 'kept/cache']) {
    await mkdir(join(aside, directory), { recursive: true });
    await writeFile(join(aside, directory, 'file'), directory);
  }
  await rename(join(aside, 'logs'), join(pod.dataDir, `${set}-logs`));
  await put(pod, `${set}.tmp`, 'scratch');
  await rename(join(aside, 'kept'), join(pod.dataDir, `${set}-kept`));
  const saved = await pod.event('save.done');
  assert.deepEqual(Object.keys(await listed(set, String(saved.archive))), [`${set}-kept`]);

  await writeFile(join(pod.dataDir, `${set}-kept`, 'cache', 'another'), 'not looked at');
  await put(pod, `${set}-another.tmp`, 'not looked at');
  await pod.next('looked');
  const look = await pod.next('looked');
  assert.equal(look.unsaved, false);
  await endsClean(pod, set);
  assert.deepEqual(await dataNames(server, set), [saved.archive]);
});

test('a socket and a pipe in the volume are no problem', async () => {
  const set = 'socket';
  await server.init(set);
  await using pod = await mountedPod({ set, server, entry: quickMain });
  const socket = createServer().listen(join(pod.dir, 'socket'));
  await once(socket, 'listening');
  try {
    await pod.start(mounted);
    await untilLive(pod);
    await rename(join(pod.dir, 'socket'), join(pod.dataDir, `${set}-socket`));
    await put(pod, `${set}-file`, 'content');
    const saved = await pod.event('save.done');
    assert.equal(saved.partial, false);
    assert.deepEqual(Object.keys(await listed(set, String(saved.archive))), [`${set}-file`]);
    await pod.next('looked', ({ unsaved }) => unsaved === false);
    await endsClean(pod, set);
  } finally {
    socket.close();
  }
});

test(
  'directories of MAKE_DIRS are there before the application, and belong to the own user',
  asSomebody,
  async () => {
    const set = 'made';
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain, uid: OTHER_USER });
    await writeFile(join(pod.tmpDir, `${set}-file`), 'archived');
    await seedArchive(server, { set, directory: pod.tmpDir });
    await chmod(pod.dataDir, 0o2770);
    await pod.start({ MAKE_DIRS: `${set}-data, ${set}-config/deep/\n${set}-file-not` });
    await pod.event('gate.opened');
    for (const name of [`${set}-data`, `${set}-config`, `${set}-config/deep`, `${set}-file-not`]) {
      const { uid, mode } = await stat(join(pod.dataDir, name));
      assert.deepEqual([name, uid, (mode & 0o7777).toString(8)], [name, OTHER_USER, '2770']);
    }
    await endsClean(pod, set);
  },
);

describe('how archives are cut and packed', { concurrency: 2 }, () => {
  const chunkers: [string, Environment, string | undefined, string][] = [
    ['auto: chunks of 64 KiB for a small set', {}, undefined, 'fixed,65536'],
    ['auto: as the archive before', {}, 'fixed,131072', 'fixed,131072'],
    ['as set', { CHUNKER_PARAMS: 'buzhash,10,23,16,4095' }, 'fixed,131072', 'buzhash,10,23,16,4095'],
  ];
  for (const [index, [title, env, before, expected]] of chunkers.entries()) {
    test(`CHUNKER_PARAMS ${title}`, async () => {
      const set = `chunker-${index}`;
      await server.init(set);
      await using pod = await mountedPod({ set, server, entry: quickMain });
      if (before) await seedArchive(server, { set, directory: pod.tmpDir, comment: { chunker: before } });
      await pod.start({ ...mounted, ...env });
      await untilLive(pod);
      await put(pod, `${set}-file`, noise(set, 200_000));
      const saved = await pod.event('save.done');
      await endsClean(pod, set);
      assert.equal((await commentsOf(server, set))[String(saved.archive)]?.chunker, expected);
    });
  }

  for (const [index, packing] of ['none', 'zstd,3', 'auto,zlib,6', 'obfuscate,110,lzma,0'].entries()) {
    test(`COMPRESSION=${packing} is understood by borg, and so is UPLOAD_LIMIT`, async () => {
      const set = `packed-${index}`;
      await server.init(set);
      await using pod = await mountedPod({ set, server, entry: quickMain });
      await pod.start({ ...mounted, COMPRESSION: packing, UPLOAD_LIMIT: '100000' });
      await untilLive(pod);
      await put(pod, `${set}-file`, 'content'.repeat(1_000));
      await pod.event('save.done');
      assert.deepEqual(pod.seen('failure'), []);
      await endsClean(pod, set);
    });
  }
});
