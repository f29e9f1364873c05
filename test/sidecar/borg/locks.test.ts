import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { removeCacheLocks } from '../../../sidecar/src/borg/locks.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

async function write(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), path);
  }
}

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
    .sort();
}

test('the locks of all caches and of the memory of repositories go, and nothing else', async () => {
  await using directory = await TemporaryDirectory.make();
  const kept = [
    'read/.cache/borg/CACHEDIR.TAG',
    'read/.config/borg/security/abc/location',
    'write/.cache/borg/abc/chunks',
    'write/.cache/borg/abc/config',
    'write/.cache/borg/abc/lock.other',
    'write/.config/borg/keys/abc',
  ];
  await write(directory.path, [
    ...kept,
    'write/.cache/borg/abc/lock.roster',
    'write/.cache/borg/abc/lock.exclusive/podA.20073-0',
    'read/.cache/borg/abc/lock.roster',
    'read/.config/borg/security/abc/lock.exclusive/podA.1-0',
    'read/.config/borg/security/def/lock.roster',
  ]);
  await removeCacheLocks(directory.path);
  assert.deepEqual(await filesIn(directory.path), kept);
  const left = await readdir(join(directory.path, 'write/.cache/borg/abc'));
  assert.deepEqual(left.sort(), ['chunks', 'config', 'lock.other']);
});

test('a first start has no locks to remove', async () => {
  await using directory = await TemporaryDirectory.make();
  await removeCacheLocks(join(directory.path, 'not', 'there'));
  assert.deepEqual(await readdir(directory.path), []);
});
