import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clocks, DatabaseFinder } from '../../../../sidecar/src/volume/sqlite/finder.ts';
import { seeAll } from '../../../support/pace.ts';
import { TemporaryDirectory } from '../../../support/temporary.ts';

const DATABASE = 'SQLite format 3\0'.padEnd(512);

function clocks(shiftMs = 0, setMs = 0): Clocks {
  return { now: Date.now() + shiftMs + setMs, uptime: performance.now() + shiftMs };
}

async function find(finder: DatabaseFinder, directory: string, at = clocks()): Promise<string[]> {
  const search = finder.begin(at);
  await seeAll(directory, search);
  return [...search.end()].sort();
}

test('databases are known by their first bytes, whatever their names', async () => {
  await using volume = await TemporaryDirectory.make();
  writeFileSync(join(volume.path, 'no name'), DATABASE);
  writeFileSync(join(volume.path, 'short.db'), DATABASE.slice(0, 100));
  writeFileSync(join(volume.path, 'text.db'), 'not a database'.padEnd(512));
  mkdirSync(join(volume.path, 'directory.db'));
  symlinkSync('no name', join(volume.path, 'link.db'));
  assert.deepEqual(await find(new DatabaseFinder(volume.path), volume.path), ['no name']);
});

test('one that appears, moves with its directory, or stops being one is seen on the next walk', async () => {
  await using volume = await TemporaryDirectory.make();
  const finder = new DatabaseFinder(volume.path);
  mkdirSync(join(volume.path, 'a'));
  writeFileSync(join(volume.path, 'a', 'x.db'), DATABASE);
  assert.deepEqual(await find(finder, volume.path, clocks(5_000)), ['a/x.db']);
  renameSync(join(volume.path, 'a'), join(volume.path, 'b'));
  assert.deepEqual(await find(finder, volume.path, clocks(6_000)), ['b/x.db']);
  writeFileSync(join(volume.path, 'y.db'), DATABASE);
  assert.deepEqual(await find(finder, volume.path, clocks(7_000, -60_000)), ['b/x.db', 'y.db'], 'set back');
  writeFileSync(join(volume.path, 'y.db'), 'text'.padEnd(512));
  assert.deepEqual(await find(finder, volume.path, clocks(8_000, -60_000)), ['b/x.db']);
});

test('the head of a file that has not changed is not read again', async () => {
  await using volume = await TemporaryDirectory.make();
  const finder = new DatabaseFinder(volume.path);
  writeFileSync(join(volume.path, 'x.db'), 'text'.padEnd(512));
  assert.deepEqual(await find(finder, volume.path, clocks(60_000)), []);
  // Its time of change is before the last walk, by the clock that this walk was told.
  writeFileSync(join(volume.path, 'x.db'), DATABASE);
  utimesSync(join(volume.path, 'x.db'), 1, 1);
  assert.deepEqual(await find(finder, volume.path, clocks(120_000)), []);
});

test('a clock that is set back makes all heads count as unread', async () => {
  await using volume = await TemporaryDirectory.make();
  const finder = new DatabaseFinder(volume.path);
  assert.deepEqual(await find(finder, volume.path, clocks(0, 3_600_000)), []);
  writeFileSync(join(volume.path, 'x.db'), DATABASE);
  assert.deepEqual(await find(finder, volume.path), ['x.db']);
});
