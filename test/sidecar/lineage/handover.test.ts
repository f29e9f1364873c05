import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import { waitForWriter } from '../../../sidecar/src/lineage/handover.ts';
import { newMarker } from '../../../sidecar/src/lineage/marker.ts';
import type { Seen } from '../../../sidecar/src/lineage/rows/start.ts';
import { start } from '../../../sidecar/src/lineage/start.ts';
import { OTHER, OWN, orderOf, ours, World } from '../../support/lineage.ts';

const nothing = () => {};

/** Waits once for the writer of the head, which was first seen some time ago. */
async function waitFor(world: World, head: Partial<Comment>, agoMs = 0): Promise<boolean> {
  const writer = world.writer(newMarker(OWN, { sequence: 0, id: '-' }));
  const order = orderOf(ours(3, { pod: 'older', ...head }));
  return await waitForWriter(writer, order, new Map<string, Seen>(), world.nowMs - agoMs);
}

test('row 12: a writer that has not ended is waited for a while, and a person is told', async () => {
  const world = new World();
  world.waits = [nothing];
  assert.equal(await waitFor(world, {}), true);
  assert.deepEqual(world.calls, ['wait 5000']);
  assert.deepEqual(world.event('handover.waiting'), {
    ...{ archive: ours(3).name, kind: 'data', writer: OTHER, pod: 'older' },
    ...{ closing: false, forMs: 30_000 },
  });
});

test('row 12: a writer that is closing is told of as that, and has the longer time', async () => {
  const world = new World();
  world.waits = [nothing];
  assert.equal(await waitFor(world, { closing: true, kind: 'close' }, 10_000), true);
  const { closing, forMs } = world.event('handover.waiting');
  assert.deepEqual([closing, forMs], [true, 80_000]);
});

test('row 12: no longer than what is left', async () => {
  const world = new World();
  world.waits = [nothing];
  assert.equal(await waitFor(world, {}, 29_990), true);
  assert.deepEqual(world.calls, ['wait 10']);
});

for (const [why, head, agoMs] of [
  ['has ended', { final: true, closing: true }, 0],
  ['is this one', { writer: OWN }, 0],
  ['has had its time', {}, 30_000],
] as const) {
  test(`row 12: a writer that ${why} is not waited for`, async () => {
    const world = new World();
    assert.equal(await waitFor(world, head, agoMs), false);
    assert.deepEqual([world.calls, world.told], [[], []]);
  });
}

test('row 12: the start lists again until the final archive is there, and restores that', async () => {
  const world = new World(ours(3));
  world.waits = [
    nothing,
    () => {
      world.archives.push(ours(4, { closing: true, final: true }));
    },
  ];
  await start(world.parts);
  const waiting = ['list', 'wait 5000', 'list', 'wait 5000', 'list', 'create claim 5', 'list'];
  assert.deepEqual(world.calls.slice(1, 8), waiting);
});

test('row 12: the time of a writer that goes on saving ends all the same', async () => {
  const world = new World(ours(1));
  let number = 1;
  world.waits = Array.from({ length: 20 }, () => () => {
    number += 1;
    world.archives.push(ours(number));
  });
  await start(world.parts);
  assert.equal(world.calls.filter((call) => call.startsWith('wait')).length, 6);
  assert.equal(world.marker?.last, 8);
});

test('row 12: another writer’s claim that came between is waited for once', async () => {
  const world = new World(ours(1, { final: true }));
  const overtake = () => {
    world.archives.push(ours(3, { kind: 'claim' }));
    return 'ok' as const;
  };
  world.answers = ['ok', 'ok', overtake];
  world.waits = Array.from({ length: 20 }, () => nothing);
  await start(world.parts);
  assert.equal(world.calls.filter((call) => call.startsWith('wait')).length, 6);
  assert.deepEqual([world.marker?.last, world.marker?.base.sequence], [4, 1]);
});

test('row 12: without HANDOVER_TIMEOUT nobody is waited for', async () => {
  for (const closing of [false, true]) {
    const world = new World(ours(3, { closing }));
    world.rules = { ...world.rules, handoverTimeoutMs: 0 };
    await start(world.parts);
    assert.deepEqual(world.calls.slice(1, 3), ['list', 'create claim 4']);
  }
});
