import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { toText } from '../../../sidecar/src/volume/path.ts';
import { type Entry, walk } from '../../../sidecar/src/volume/walk.ts';
import { needsRoot, OTHER_USER, unprivileged } from '../../support/other-user.ts';
import { FakePace } from '../../support/pace.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

/** Makes files; a name that ends with a slash is a directory. */
function make(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) {
      writeFileSync(join(root, path), '');
    }
  }
}

async function visit(
  root: string,
  onEnter: (path: string, entry: Entry) => boolean = () => true,
  pace = new FakePace(),
) {
  const seen: string[] = [];
  const unreadable: string[] = [];
  const visitor = {
    enter(entry: Entry): boolean {
      seen.push(toText(entry.path));
      return onEnter(toText(entry.path), entry);
    },
    unreadable: (path: string) => void unreadable.push(toText(path)),
  };
  await walk(root, visitor, pace);
  return { seen, unreadable };
}

test('every entry is visited once, the names of a directory in order', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['b/2', 'b/10', 'b/1', 'a', 'c/', 'b/deep/er/file']);
  const { seen, unreadable } = await visit(directory.path);
  assert.deepEqual(seen, ['a', 'b', 'c', 'b/1', 'b/10', 'b/2', 'b/deep', 'b/deep/er', 'b/deep/er/file']);
  assert.deepEqual(unreadable, []);
});

test('two walks see the same order, whatever the file system says', async () => {
  await using directory = await TemporaryDirectory.make();
  make(
    directory.path,
    Array.from({ length: 300 }, (_, index) => `d${index % 7}/f${(index * 7919) % 1000}`),
  );
  const first = await visit(directory.path);
  renameSync(join(directory.path, 'd0'), join(directory.path, 'x'));
  renameSync(join(directory.path, 'x'), join(directory.path, 'd0'));
  assert.deepEqual(await visit(directory.path), first);
});

test('what is reserved is passed over in the root, and only there', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, [
    '.borg-volume-sync/state.json',
    'lost+found/x',
    'a/lost+found/x',
    'a/.borg-volume-sync/',
  ]);
  const { seen } = await visit(directory.path);
  assert.deepEqual(seen, ['a', 'a/.borg-volume-sync', 'a/lost+found', 'a/lost+found/x']);
});

test('a directory that is not entered keeps its entries to itself', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['a/x', 'b/x']);
  const { seen } = await visit(directory.path, (path) => path !== 'a');
  assert.deepEqual(seen, ['a', 'b', 'b/x']);
});

test('a symbolic link to a directory is an entry, and nothing behind it', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['a/x']);
  symlinkSync('a', join(directory.path, 'link'));
  symlinkSync('..', join(directory.path, 'a', 'up'));
  const { seen } = await visit(directory.path);
  assert.deepEqual(seen, ['a', 'link', 'a/up', 'a/x']);
});

test('names that are no UTF-8 are read and entered', async () => {
  await using directory = await TemporaryDirectory.make();
  const odd = Buffer.concat([Buffer.from(`${directory.path}/d-`), Buffer.from([0xff])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from('/f-'), Buffer.from([0xfe])]), '');
  const { seen, unreadable } = await visit(directory.path);
  assert.deepEqual([seen, unreadable], [['d-?', 'd-?/f-?'], []]);
});

test('an entry knows the names beside it', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['a/x', 'a/y', 'b']);
  const siblings: Record<string, string[]> = {};
  await visit(directory.path, (path, entry) => {
    siblings[path] = [...entry.siblings];
    return true;
  });
  assert.deepEqual(siblings, { a: ['a', 'b'], b: ['a', 'b'], 'a/x': ['x', 'y'], 'a/y': ['x', 'y'] });
});

test('what vanishes during the walk is simply not there', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['a', 'b', 'c/x', 'd/x']);
  const { seen, unreadable } = await visit(directory.path, (path) => {
    if (path === 'a') {
      rmSync(join(directory.path, 'b'));
      rmSync(join(directory.path, 'c'), { recursive: true });
    }
    if (path === 'd') {
      // It was a directory when it was looked at.
      rmSync(join(directory.path, 'd'), { recursive: true });
      writeFileSync(join(directory.path, 'd'), '');
    }
    return true;
  });
  assert.deepEqual([seen, unreadable], [['a', 'd'], []]);
});

test('what can not be read is named, and the walk goes on', async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['a/x', 'closed/x', 'z']);
  chmodSync(join(directory.path, 'closed'), 0);
  const { seen, unreadable } = await unprivileged(() => visit(directory.path));
  chmodSync(join(directory.path, 'closed'), 0o755);
  assert.deepEqual(seen, ['a', 'closed', 'z', 'a/x']);
  assert.deepEqual(unreadable, ['closed']);
});

test('names without stats are named one by one', { skip: needsRoot }, async () => {
  await using directory = await TemporaryDirectory.make();
  make(directory.path, ['listed/x', 'listed/y']);
  chmodSync(join(directory.path, 'listed'), 0o400);
  chownSync(join(directory.path, 'listed'), OTHER_USER, OTHER_USER);
  const { unreadable } = await unprivileged(() => visit(directory.path));
  assert.deepEqual(unreadable, ['listed/x', 'listed/y']);
});

for (const [name, step, entries, pauses] of [
  ['a fast walk', 0, 500, 0],
  ['a walk that takes 20 ms', 2, 640, 0],
  ['a walk whose slices end at every second look', 11, 640, 5],
  ['a slow walk of few entries', 21, 63, 0],
  ['a slow walk of some entries', 21, 64, 1],
  ['a slow walk of many entries', 21, 640, 10],
] as const) {
  test(`${name} pauses ${pauses} times in ${entries} entries`, async () => {
    await using directory = await TemporaryDirectory.make();
    make(
      directory.path,
      Array.from({ length: entries }, (_, index) => `f${index}`),
    );
    const pace = new FakePace(step);
    const { seen } = await visit(directory.path, undefined, pace);
    assert.equal(seen.length, entries);
    assert.equal(pace.pauses, pauses);
  });
}

test('others may act during a pause', async () => {
  await using directory = await TemporaryDirectory.make();
  make(
    directory.path,
    Array.from({ length: 100 }, (_, index) => `f${String(index).padStart(2, '0')}`),
  );
  const pace = new FakePace(21);
  pace.onPause = () => rmSync(join(directory.path, 'f99'), { force: true });
  const { seen } = await visit(directory.path, undefined, pace);
  assert.deepEqual([seen.length, seen.at(-1)], [99, 'f98']);
});
