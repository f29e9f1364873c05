import assert from 'node:assert/strict';
import { chmodSync, chownSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import {
  type Expectation,
  findDifferences,
  type ListedEntry,
  permissionBits,
} from '../../../sidecar/src/volume/listing.ts';
import { needsRoot, OTHER_USER, unprivileged } from '../../support/other-user.ts';
import { FakePace } from '../../support/pace.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const uid = process.geteuid?.() ?? 0;
const gid = process.getegid?.() ?? 0;
const archived: Expectation = { owner: 'as-archived', mayLoseSetgid: false };

function entry(path: string, change: Partial<ListedEntry> = {}): ListedEntry {
  return { path, type: '-', mode: '-rw-r--r--', uid, gid, size: 4, source: '', ...change };
}

/** What the archive of `makeVolume` lists. */
const listing: readonly ListedEntry[] = [
  entry('d', { type: 'd', mode: 'drwxr-sr-x', size: 0 }),
  entry('d/f'),
  entry('d/second', { mode: 'hrw-r--r--', size: 0, source: 'd/f' }),
  entry('link', { type: 'l', mode: 'lrwxr-xr-x', size: 0, source: 'd/f' }),
  entry('script', { mode: '-rwxr-x---', size: 0 }),
];

async function makeVolume(): Promise<TemporaryDirectory> {
  const volume = await TemporaryDirectory.make();
  mkdirSync(join(volume.path, 'd'));
  writeFileSync(join(volume.path, 'd/f'), 'text');
  linkSync(join(volume.path, 'd/f'), join(volume.path, 'd/second'));
  symlinkSync('d/f', join(volume.path, 'link'));
  writeFileSync(join(volume.path, 'script'), '');
  mkdirSync(join(volume.path, '.borg-volume-sync'));
  for (const [path, mode] of Object.entries({ d: 0o2755, 'd/f': 0o644, script: 0o750 })) {
    chmodSync(join(volume.path, path), mode);
  }
  return volume;
}

function differences(root: string, list = listing, expectation = archived): Promise<string[]> {
  return findDifferences(root, list, expectation, new FakePace());
}

describe('a mode as ls shows it', () => {
  for (const [mode, bits] of [
    ['-rw-r--r--', 0o644],
    ['-rwxr-xr-x', 0o755],
    ['----------', 0],
    ['drwxrwxrwt', 0o1777],
    ['drwxrwx--T', 0o1770],
    ['drwxrwsr-x', 0o2775],
    ['drwxrwSr--', 0o2764],
    ['-rwsr-xr-x', 0o4755],
    ['-rwSr--r--', 0o4644],
    ['-rwsrwsrwt', 0o7777],
    ['---S--S--T', 0o7000],
    ['hrw-------', 0o600],
    ['lrwxrwxrwx', 0o777],
  ] as const) {
    test(`${mode} is ${bits.toString(8)}`, () => assert.equal(permissionBits(mode), bits));
  }

  test('is read as the real ls means it, for every set of bits', async () => {
    await using directory = await TemporaryDirectory.make();
    const modes = Array.from({ length: 0o10000 / 13 }, (_, index) => index * 13);
    for (const mode of modes) {
      const path = join(directory.path, mode.toString(8).padStart(4, '0'));
      writeFileSync(path, '');
      chmodSync(path, mode);
    }
    const { stdout } = await execa('ls', ['-l', directory.path]);
    const rows = stdout.split('\n').slice(1);
    assert.equal(rows.length, modes.length);
    for (const row of rows) {
      assert.equal(permissionBits(row.slice(0, 10)), Number.parseInt(row.slice(-4), 8), row);
    }
  });
});

test('a volume that is what the archive lists does not differ', async () => {
  await using volume = await makeVolume();
  assert.deepEqual(await differences(volume.path), []);
  assert.deepEqual(await differences(volume.path, listing.toReversed()), []);
});

type Row = [difference: string, change: (at: (path: string) => string) => void, skip?: string | false];

const rows: Row[] = [
  ['"script" is missing', (at) => rmSync(at('script'))],
  ['"extra" is not in the archive', (at) => writeFileSync(at('extra'), '')],
  ['"d/f" has 5 bytes, not 4', (at) => writeFileSync(at('d/f'), 'texts')],
  [
    '"script" is of type d, not -',
    (at) => {
      rmSync(at('script'));
      mkdirSync(at('script'));
    },
  ],
  [
    '"script" is of type l, not -',
    (at) => {
      rmSync(at('script'));
      symlinkSync('d/f', at('script'));
    },
  ],
  ['"script" has mode 700, not 750', (at) => chmodSync(at('script'), 0o700)],
  ['"d" has mode 755, not 2755', (at) => chmodSync(at('d'), 0o755)],
  [
    `"script" belongs to ${OTHER_USER}:${gid}, not 0:0`,
    (at) => chownSync(at('script'), OTHER_USER, gid),
    needsRoot,
  ],
  [`"script" belongs to 0:${OTHER_USER}, not 0:0`, (at) => chownSync(at('script'), 0, OTHER_USER), needsRoot],
  [
    '"d/second" is not the same file as "d/f"',
    (at) => {
      rmSync(at('d/second'));
      writeFileSync(at('d/second'), 'text', { mode: 0o644 });
    },
  ],
];

for (const [difference, change, skip = false] of rows) {
  test(`a difference is found: ${difference}`, { skip }, async () => {
    await using volume = await makeVolume();
    change((path) => join(volume.path, path));
    assert.deepEqual(await differences(volume.path), [difference]);
  });
}

test('a directory that can not be read is a difference, and so is what it holds', async () => {
  await using volume = await makeVolume();
  const list = listing.map((each) => (each.path === 'd' ? { ...each, mode: 'd---------' } : each));
  chmodSync(join(volume.path, 'd'), 0);
  const found = await unprivileged(() => differences(volume.path, list));
  chmodSync(join(volume.path, 'd'), 0o755);
  assert.deepEqual(found, ['"d" can\'t be read', '"d/f" is missing', '"d/second" is missing']);
});

test('ten differences are enough', async () => {
  await using volume = await TemporaryDirectory.make();
  const list = Array.from({ length: 30 }, (_, index) => entry(`f${index}`));
  assert.equal((await differences(volume.path, list)).length, 10);
});

test('names that are no UTF-8 fall together in a listing and are told apart by what they are', async () => {
  await using volume = await TemporaryDirectory.make();
  const at = (byte: number) => Buffer.concat([Buffer.from(`${volume.path}/x`), Buffer.from([byte])]);
  writeFileSync(at(0xff), 'text');
  writeFileSync(at(0xfe), 'longer text');
  const list = [entry('x?', { size: 4 }), entry('x?', { size: 11 })];
  assert.deepEqual(await differences(volume.path, list), []);
  assert.deepEqual(await differences(volume.path, list.toReversed()), []);
  assert.deepEqual(await differences(volume.path, list.slice(1)), ['"x?" is not in the archive']);
});

test('a set-group-ID bit may be lost where the kernel drops it, and no other bit', async () => {
  await using volume = await makeVolume();
  chmodSync(join(volume.path, 'd'), 0o755);
  const lenient = { ...archived, mayLoseSetgid: true };
  assert.deepEqual(await differences(volume.path, listing, lenient), []);
  chmodSync(join(volume.path, 'd'), 0o1755);
  assert.deepEqual(await differences(volume.path, listing, lenient), ['"d" has mode 1755, not 2755']);
  chmodSync(join(volume.path, 'd'), 0o750);
  assert.deepEqual(await differences(volume.path, listing, lenient), ['"d" has mode 750, not 2755']);
});

test('a file that was taken over runs as nobody but who starts it, and keeps every other bit', async () => {
  await using volume = await makeVolume();
  const list = listing.map((each) => (each.path === 'script' ? { ...each, mode: '-rwsr-s---' } : each));
  assert.deepEqual(await differences(volume.path, list), ['"script" has mode 750, not 6750']);
  assert.deepEqual(await differences(volume.path, list, { ...archived, takenOver: true }), []);
  chmodSync(join(volume.path, 'd'), 0o755);
  assert.deepEqual(await differences(volume.path, list, { ...archived, takenOver: true }), [
    '"d" has mode 755, not 2755',
  ]);
});

test('a hard link beside names that look alike, since they are no UTF-8, is the same file as one of them', async () => {
  await using volume = await TemporaryDirectory.make();
  const name = (byte: number) => Buffer.concat([Buffer.from(join(volume.path, 'a')), Buffer.from([byte])]);
  writeFileSync(name(0xfe), 'text');
  writeFileSync(name(0xff), 'text');
  linkSync(name(0xfe), join(volume.path, 'b'));
  const list = [entry('a?'), entry('a?'), entry('b', { mode: 'hrw-r--r--', size: 0, source: 'a?' })];
  assert.deepEqual(await differences(volume.path, list), []);
});

test("one owner for all counts in the archived one's place, whatever the group", async () => {
  await using volume = await makeVolume();
  const list = listing.map((each) => ({ ...each, uid: 1_000, gid: 1_000 }));
  assert.deepEqual(await differences(volume.path, list, { owner: uid, mayLoseSetgid: false }), []);
  assert.deepEqual(await differences(volume.path, listing.slice(0, 1), { owner: 7, mayLoseSetgid: false }), [
    `"d" belongs to ${uid}, not 7`,
    ...['link', 'script', 'd/f', 'd/second'].map((path) => `"${path}" is not in the archive`),
  ]);
});

test('files that were given to another owner may lose their special bits, and directories none', async () => {
  await using volume = await makeVolume();
  const list = listing.map((each) => (each.path === 'script' ? { ...each, mode: '-rwsr-s---' } : each));
  const takenOver: Expectation = { owner: uid, mayLoseSetgid: false, takenOver: true };
  assert.deepEqual(await differences(volume.path, list, takenOver), []);
  assert.deepEqual(await differences(volume.path, list), ['"script" has mode 750, not 6750']);
  chmodSync(join(volume.path, 'd'), 0o755);
  assert.deepEqual(await differences(volume.path, list, takenOver), ['"d" has mode 755, not 2755']);
});
