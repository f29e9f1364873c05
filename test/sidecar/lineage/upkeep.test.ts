import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live } from '../../../sidecar/src/lineage/live.ts';
import { start } from '../../../sidecar/src/lineage/start.ts';
import { End, liveMarker, OWN, ours, World } from '../../support/lineage.ts';

const DAY_MS = 86_400_000;
const THEN_S = 1_800_000_000;
const NEWEST = ours(3, { writer: OWN }, 'id-3');
const nothing = () => {};
const IDLE = 'wait 300000';

function lived(days: number, change = {}): World {
  const world = new World(NEWEST);
  world.dateMs = THEN_S * 1_000 + days * DAY_MS;
  world.marker = liveMarker({ compacted: THEN_S, checked: THEN_S, ...change });
  return world;
}

async function liveIn(world: World): Promise<void> {
  await assert.rejects(live(world.writer(world.marker ?? liveMarker(), 'S1')), End);
}

test('what is due is done while nothing is to save, once, and is remembered for the archives to come', async () => {
  const world = lived(8);
  world.waits = [nothing, () => world.set({ digest: 'S2' }), nothing];
  await liveIn(world);
  assert.deepEqual(world.calls.slice(0, 4), ['compact', 'marker live', IDLE, IDLE]);
  assert.deepEqual([world.marker?.compacted, world.marker?.checked], [THEN_S + 8 * 86_400, THEN_S]);
  assert.deepEqual([world.created[0]?.compacted, world.created[0]?.added], [THEN_S + 8 * 86_400, 0]);
  assert.equal(world.marker?.added, 7, 'what a save has added counts from then on');
});

test('many saves that add much are each followed by a compaction, which takes a twentieth of the time at most', async () => {
  const much = 40 * 1024 * 1024;
  const world = lived(1, { added: much });
  world.addedBytes = much;
  const lastsMs = [14_000, 16_000];
  world.onUpkeep = (chore) => {
    world.nowMs += (chore === 'compact' && lastsMs.shift()) || 0;
  };
  world.waits = ['S2', 'S3', 'S4'].map((digest) => () => world.set({ digest }));
  await liveIn(world);
  const order = world.calls.filter((call) => call === 'compact' || call.startsWith('create data'));
  assert.deepEqual(order, [
    'compact',
    'create data 4',
    'compact',
    'create data 5',
    'create data 6',
    'compact',
  ]);
});

test('a check that is not through goes on later, and counts when it is', async () => {
  const world = lived(40, { compacted: THEN_S + 40 * 86_400 });
  world.checks = 'part';
  world.waits = [
    nothing,
    nothing,
    () => {
      world.checks = 'whole';
    },
    nothing,
  ];
  await liveIn(world);
  const checks = world.calls.filter((call) => call === 'check 150000');
  assert.deepEqual([checks.length, world.marker?.checked], [3, THEN_S + 40 * 86_400]);
  assert.deepEqual(world.calls.slice(0, 4), ['check 150000', IDLE, IDLE, 'check 150000']);
});

test('upkeep that fails is told, is tried again later, and stops no save', async () => {
  const world = lived(8);
  world.onUpkeep = (chore) => {
    throw new Error(`no ${chore}`);
  };
  world.waits = [() => world.set({ digest: 'S2' }), nothing, nothing];
  await liveIn(world);
  assert.deepEqual(world.calls.slice(0, 4), ['compact', IDLE, 'create data 4', 'list']);
  assert.deepEqual(world.events.slice(0, 2), ['upkeep.failed', 'upkeep.failed']);
  assert.equal(world.calls.filter((call) => call === 'compact').length, 2);
  assert.equal(world.marker?.compacted, THEN_S);
});

test('none is begun at prestop or SIGTERM', async () => {
  for (const end of ['prestop', 'sigterm'] as const) {
    const world = lived(8);
    world[end]();
    const done: string[] = [];
    world.onUpkeep = (chore) => void done.push(chore);
    world.waits = [nothing];
    const writer = world.writer(world.marker ?? liveMarker(), 'S1');
    await live(writer).catch((error) => assert.ok(error instanceof End));
    assert.deepEqual(done, []);
  }
});

test('a new writer goes on from what the head says, and counts from its start what was never done', async () => {
  for (const [said, compacted, checked] of [
    [{ compacted: 5, checked: 6, added: 9 }, 5, 6],
    [{}, THEN_S, THEN_S],
  ] as const) {
    const world = new World(ours(5), ours(6, { kind: 'close', final: true, ...said }));
    world.dateMs = THEN_S * 1_000;
    await start(world.parts);
    const { marker } = world;
    assert.deepEqual(
      [marker?.compacted, marker?.checked, marker?.added],
      [compacted, checked, 'added' in said ? 9 : 0],
    );
    assert.equal(world.created[0]?.compacted, 'compacted' in said ? 5 : 0);
  }
});

test('what a save needs is brought up to date once, but for where a save follows at once', async () => {
  for (const [saved, done] of [
    ['S1', ['warm']],
    [undefined, []],
  ] as const) {
    const world = lived(1);
    const seen: string[] = [];
    world.onUpkeep = (chore) => void seen.push(chore);
    world.waits = [nothing, nothing];
    await assert.rejects(live(world.writer(world.marker ?? liveMarker(), saved)), End);
    assert.deepEqual(seen, done);
  }
});
