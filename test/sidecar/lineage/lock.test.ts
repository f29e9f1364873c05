import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedForMs, longestWaitMs, noteLocked, noteUnlocked } from '../../../sidecar/src/lineage/lock.ts';
import { type Moment, newMarker } from '../../../sidecar/src/lineage/marker.ts';
import { OWN, World } from '../../support/lineage.ts';

function writerThatSaw(lockedSince: Moment | undefined) {
  const world = new World();
  const writer = world.writer({ ...newMarker(OWN, { sequence: 0, id: '-' }), lockedSince });
  return { world, writer };
}

test('row 10: the first look at a lock is kept in the marker, and later ones count from there', async () => {
  const { world, writer } = writerThatSaw(undefined);
  assert.equal(lockedForMs(writer), undefined);
  assert.equal(await noteLocked(writer, world.nowMs), 0);
  world.nowMs += 700;
  assert.equal(await noteLocked(writer, world.nowMs), 700);
  assert.deepEqual(world.calls, ['marker restoring']);
  assert.deepEqual(world.marker?.lockedSince, { boot: 'this boot', atMs: 1_000_000 });
});

test('row 10: it counts from when the command began that waited in vain', async () => {
  const { world, writer } = writerThatSaw(undefined);
  assert.equal(await noteLocked(writer, world.nowMs - 5_000), 5_000);
  assert.equal(world.marker?.lockedSince?.atMs, 995_000);
});

test('row 10: a new container goes on counting', async () => {
  const { world, writer } = writerThatSaw({ boot: 'this boot', atMs: 999_000 });
  assert.equal(await noteLocked(writer, world.nowMs), 1_000);
  assert.deepEqual(world.calls, []);
});

for (const [why, lockedSince] of [
  ['another boot of the node', { boot: 'another boot', atMs: 1 }],
  ['a time that is still to come', { boot: 'this boot', atMs: 1_000_001 }],
] as const) {
  test(`row 10: ${why} says nothing: it is counted from now`, async () => {
    const { world, writer } = writerThatSaw(lockedSince);
    assert.equal(lockedForMs(writer), undefined);
    assert.equal(await noteLocked(writer, world.nowMs), 0);
    assert.deepEqual(world.marker?.lockedSince, { boot: 'this boot', atMs: 1_000_000 });
  });
}

test('row 10: a lock that was free in between is counted anew', async () => {
  const { world, writer } = writerThatSaw({ boot: 'this boot', atMs: 1 });
  await noteUnlocked(writer);
  await noteUnlocked(writer);
  assert.deepEqual([world.calls, world.marker?.lockedSince], [['marker restoring'], undefined]);
  assert.equal(lockedForMs(writer), undefined);
});

test('row 10: a marker that cannot be written stops no counting', async () => {
  const { world, writer } = writerThatSaw(undefined);
  world.onMarker = () => {
    throw new Error('disk full');
  };
  await noteLocked(writer, world.nowMs);
  world.nowMs += 5;
  assert.deepEqual([await noteLocked(writer, world.nowMs), world.events], [5, ['marker.failed']]);
});

test('row 10: a lock is looked at often, and its time is not overslept', () => {
  const { rules } = new World();
  const wait = (kind: 'locked' | 'full' | 'error', lockedMs: number) =>
    longestWaitMs({ kind, failure: kind }, lockedMs, rules);
  assert.deepEqual([wait('locked', 0), wait('locked', 98_000)], [5_000, 2_000]);
  assert.deepEqual([wait('error', 0), wait('full', 0)], [undefined, undefined]);
});
