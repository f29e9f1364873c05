import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
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

/** A volume into which the test extracts. */
async function volume() {
  const directory = await TemporaryDirectory.make();
  const extracted = new Extracted(directory.path, expected);
  const write = (path: string, bytes: number) => writeFile(join(directory.path, path), Buffer.alloc(bytes));
  return {
    extracted,
    write,
    path: directory.path,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('the bytes of an archive are those of its files', () => assert.equal(bytesOf(items), 1_110));

test('before the list begins what the archive says of itself stands in', async () => {
  await using pod = await volume();
  await pod.write('a', 10);
  assert.deepEqual(pod.extracted.measure(), { entries: 0, bytes: undefined, ...expected });
});

test('an entry counts whole once the next one is there, also while the list is still fetched', async () => {
  await using pod = await volume();
  for (const each of items.slice(0, 3)) pod.extracted.list(each);
  assert.deepEqual(pod.extracted.measure(), { entries: 0, bytes: 0, ...expected });
  await pod.write('a', 10);
  await mkdir(join(pod.path, 'd'));
  assert.deepEqual(pod.extracted.measure(), { entries: 2, bytes: 10, ...expected });
  await pod.write('d/b', 100);
  pod.extracted.list(items[3] as Item);
  assert.deepEqual(pod.extracted.listed().items, items);
  assert.deepEqual(pod.extracted.measure(), { entries: 3, bytes: 110, ...listed });
  await pod.write('d/c', 0);
  assert.deepEqual(pod.extracted.measure(), { entries: 4, bytes: 110, ...listed });
  assert.deepEqual(pod.extracted.measure(), { entries: 4, bytes: 110, ...listed });
});

test('of the entry that is under way counts what is written, and never more than it has', async () => {
  await using pod = await volume();
  pod.extracted.list(item('a', '-', 10));
  for (const [size, bytes] of [
    [0, 0],
    [7, 7],
    [12, 10],
  ] as const) {
    await pod.write('a', size);
    assert.equal(pod.extracted.measure().bytes, bytes);
  }
});

test('the last of many entries is found from any earlier one', async () => {
  await using pod = await volume();
  const names = Array.from({ length: 100 }, (_, index) => `f${index}`);
  for (const name of names) pod.extracted.list(item(name, '-', 1));
  for (const [index, name] of names.entries()) {
    await pod.write(name, 1);
    if (index % 7 === 0) assert.equal(pod.extracted.measure().entries, index + 1);
  }
  assert.deepEqual(pod.extracted.measure(), { entries: 100, bytes: 100, ...expected });
});

test('a name that is not all UTF-8, or that is none, does no harm', async () => {
  await using pod = await volume();
  for (const path of ['a', 'b?', 'c\0', 'd']) pod.extracted.list(item(path, '-', 1));
  await pod.write('a', 1);
  assert.equal(pod.extracted.measure().entries, 2);
});
