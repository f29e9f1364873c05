import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteDone, retain } from '../../../sidecar/src/lineage/tidy.ts';
import { forkOf, liveMarker, OTHER, OWN, orderOf, ours, theirs, World } from '../../support/lineage.ts';

const DONE = [ours(1, { kind: 'claim' }), ours(2, { kind: 'close' })];
const DATA = [4, 5, 6, 7, 8].map((seq) => ours(seq, { writer: OWN, parent: { sequence: seq - 1, id: 'x' } }));
const ALL = [...DONE, ...DATA, theirs('1700000000'), theirs('x'), forkOf(OTHER, 1), forkOf(OWN, 1)];

test('row 21a: records that have done their work are deleted once', async () => {
  const world = new World(...ALL);
  const writer = world.writer(liveMarker());
  writer.done = DONE.map(({ name }) => name);
  await deleteDone(writer);
  await deleteDone(writer);
  assert.deepEqual([world.calls, world.events], [['delete 1 2'], ['deleted']]);
});

test('row 21a: that it fails does not matter, and it is one try', async () => {
  const world = new World(...ALL);
  world.onDelete = () => {
    throw new Error('locked');
  };
  const writer = world.writer(liveMarker());
  writer.done = DONE.map(({ name }) => name);
  await deleteDone(writer);
  await deleteDone(writer);
  assert.deepEqual([world.calls, world.events], [['delete 1 2'], ['delete.failed']]);
});

test('row 21a: that it was ended by the end of the pod is no failure', async () => {
  const world = new World(...ALL);
  world.onDelete = () => {
    world.prestop();
    throw new Error('ended');
  };
  const writer = world.writer(liveMarker());
  writer.done = DONE.map(({ name }) => name);
  await deleteDone(writer);
  assert.deepEqual([world.calls, world.events], [['delete 1 2'], []]);
});

for (const [when, tell] of [
  ['prestop', (world: World) => world.prestop()],
  ['SIGTERM', (world: World) => world.sigterm()],
] as const) {
  test(`row 21a, 28: nothing is deleted after ${when}`, async () => {
    const world = new World(...ALL);
    tell(world);
    const writer = world.writer(liveMarker());
    writer.done = DONE.map(({ name }) => name);
    await deleteDone(writer);
    await retain(writer, orderOf(...ALL), 8);
    assert.deepEqual(world.calls, []);
  });
}

test('row 28: in one command, by exact names: never foreign, legacy, forks, nor the own and above', async () => {
  const world = new World(...ALL);
  await retain(world.writer(liveMarker()), orderOf(...ALL, ours(9, { kind: 'claim' })), 8);
  assert.deepEqual(world.calls, ['delete 4 5 1 2']);
  assert.deepEqual(world.event('deleted').archives.length, 4);
});

test('row 28: nothing is deleted while a guard is set', async () => {
  const world = new World(...ALL);
  await retain(world.writer(liveMarker({ guard: '4' })), orderOf(...ALL), 8);
  assert.deepEqual(world.calls, []);
});

test('row 28: without rules no data goes, and records go all the same', async () => {
  const world = new World(...ALL);
  world.rules = { ...world.rules, keep: undefined };
  await retain(world.writer(liveMarker()), orderOf(...ALL), 8);
  assert.deepEqual(world.calls, ['delete 1 2']);
});

test('row 28: where nothing is to be deleted nothing is called', async () => {
  const world = new World(...DATA.slice(-2));
  const writer = world.writer(liveMarker());
  await retain(writer, orderOf(...DATA.slice(-2)), 8);
  await deleteDone(writer);
  assert.deepEqual(world.calls, []);
});

test('row 28: that it fails does not matter', async () => {
  const world = new World(...ALL);
  world.onDelete = () => {
    throw new Error('locked');
  };
  await retain(world.writer(liveMarker()), orderOf(...ALL), 8);
  assert.deepEqual(world.events, ['delete.failed']);
});
