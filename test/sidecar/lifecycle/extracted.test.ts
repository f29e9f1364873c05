import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Item } from '../../../sidecar/src/borg/repository.ts';
import { bytesOf, Extracted } from '../../../sidecar/src/lifecycle/extracted.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

function item(path: string, type: string, size: number): Item {
  return { path, type, mode: '-rw-r--r--', uid: 0, gid: 0, size, source: '', healthy: true };
}

const items = [item('a', '-', 10), item('d', 'd', 4_096), item('d/b', '-', 100), item('d/c', '-', 1_000)];
const expected = { ofEntries: 2, ofBytes: 3 };
const listed = { ofEntries: 4, ofBytes: 1_110 };

test('the bytes of an archive are those of its files', () => assert.equal(bytesOf(items), 1_110));

test('before the list is there what the archive says of itself stands in', () => {
  const extracted = new Extracted('/not/there', expected);
  assert.deepEqual(extracted.measure(), { entries: 0, bytes: undefined, ...expected });
  extracted.begin('a');
  assert.deepEqual(extracted.measure(), { entries: 1, bytes: undefined, ...expected });
});

test('an entry counts once the next one is begun, also where it was done before the list came', () => {
  const extracted = new Extracted('/not/there', expected);
  extracted.begin('a');
  extracted.begin('d');
  extracted.begin('d/b');
  extracted.list(items, 1_110);
  assert.deepEqual(extracted.measure(), { entries: 3, bytes: 10, ...listed });
  extracted.begin('d/c');
  assert.deepEqual(extracted.measure(), { entries: 4, bytes: 110, ...listed });
  assert.deepEqual(extracted.measure(), { entries: 4, bytes: 110, ...listed });
});

test('of the entry that is under way counts what is written, and never more than it has', async () => {
  await using directory = await TemporaryDirectory.make();
  const extracted = new Extracted(directory.path, expected);
  extracted.list([item('a', '-', 10)], 10);
  assert.equal(extracted.measure().bytes, 0);
  extracted.begin('a');
  for (const [size, bytes] of [
    [0, 0],
    [7, 7],
    [12, 10],
  ] as const) {
    await writeFile(join(directory.path, 'a'), Buffer.alloc(size));
    assert.equal(extracted.measure().bytes, bytes);
  }
});

test('more entries than the list has, or a name that is none, do no harm', () => {
  const extracted = new Extracted('/not/there', expected);
  extracted.list([item('a', '-', 10)], 10);
  extracted.begin('a\0');
  assert.equal(extracted.measure().bytes, 0);
  extracted.begin('b');
  extracted.begin('c');
  assert.deepEqual(extracted.measure(), { entries: 3, bytes: 10, ofEntries: 1, ofBytes: 10 });
});
