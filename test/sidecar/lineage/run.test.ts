import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import { runWriter } from '../../../sidecar/src/lineage/run.ts';
import type { Phase } from '../../../sidecar/src/lineage/writer.ts';
import { End, liveMarker, OTHER, OWN, ours, theirs, World } from '../../support/lineage.ts';

const NEWEST = ours(3, { writer: OWN });
const nothing = () => {};

/** Whether the writer ends well. */
async function endsWell(world: World, phase: Phase, saved?: string, change: Partial<Marker> = {}) {
  const writer = world.writer(liveMarker(change), saved);
  return await runWriter(writer, phase).then(
    () => true,
    (error: unknown) => {
      assert.ok(error instanceof End, String(error));
      return false;
    },
  );
}

/** What had been told by each time that something recovered. */
function noteRecoveries(world: World): string[][] {
  const noted: string[][] = [];
  world.onRecovered = () => noted.push(world.events);
  return noted;
}

test('row 23: a container that comes back without a claim still tries to claim', async () => {
  const world = new World(ours(3));
  world.waits = [world.sigterm];
  assert.equal(await endsWell(world, 'unclaimed', undefined, { claimed: false, known: [OTHER] }), true);
  assert.deepEqual(world.calls.slice(0, 4), ['list', 'create claim 4', 'marker live', 'create data 5']);
});

test('row 23a: a container that comes back saves once, also over an own final archive', async () => {
  const world = new World(ours(3, { writer: OWN, final: true, closing: true }));
  world.waits = [world.sigterm];
  assert.equal(await endsWell(world, 'resync'), true);
  const resync = ['list', 'marker live'];
  assert.deepEqual(world.calls.slice(0, 6), [
    ...resync,
    'create data 4',
    'list',
    'marker live',
    'wait 300000',
  ]);
  assert.deepEqual(world.calls.slice(6), ['create close 5', 'marker live']);
});

test('row 23a: it goes on from its own head, whatever the marker says', async () => {
  const world = new World(ours(7, { writer: OWN }), ours(8, { writer: OWN, kind: 'close' }));
  world.sigterm();
  await endsWell(world, 'resync');
  const [made] = world.created;
  assert.deepEqual([made?.seq, made?.parent], [9, { sequence: 7, id: 'id-7' }]);
});

test('row 23a: the list is asked for until it answers', async () => {
  const world = new World(NEWEST);
  world.answers = ['locked', 'error'];
  world.waits = [nothing, nothing, world.sigterm];
  assert.equal(await endsWell(world, 'resync'), true);
  assert.deepEqual(world.calls.slice(0, 3), ['list', 'back off save: locked', 'list']);
});

test('row 23a: behind another writer’s head it saves into forks only', async () => {
  const world = new World(NEWEST, ours(4, { kind: 'claim' }));
  world.sigterm();
  assert.equal(await endsWell(world, 'resync'), true);
  assert.deepEqual(
    world.created.map(({ kind }) => kind),
    ['fork'],
  );
  assert.equal(world.marker?.state, 'fenced');
});

test('row 26c: a live writer that is overtaken keeps its state in a fork, and ends well', async () => {
  const world = new World(NEWEST, ours(4, { kind: 'claim' }));
  world.waits = [() => world.set({ digest: 'S2' }), world.sigterm];
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  assert.deepEqual(
    world.created.map(({ kind, seq, final }) => [kind, seq, final]),
    [
      ['data', 4, false],
      ['fork', 1, false],
    ],
  );
});

test('row 21a: once live it deletes what its claim has made superfluous, before the first save', async () => {
  const world = new World(ours(1, { kind: 'claim' }), ours(2), ours(3, { kind: 'claim', writer: OWN }));
  const writer = world.writer(liveMarker());
  writer.done = [ours(1).name];
  await assert.rejects(runWriter(writer, 'live'), End);
  assert.deepEqual(world.calls.slice(0, 2), ['delete 1', 'create data 4']);
});

test('row 25: a marker that cannot be put back stops no save', async () => {
  const world = new World(NEWEST);
  world.examined = 'unmarked';
  world.onMarker = () => {
    throw new Error('disk full');
  };
  await endsWell(world, 'live');
  const told = ['marker.restored', 'marker.failed', 'save.started', 'marker.failed', 'save.done'];
  assert.deepEqual(world.events, told);
  assert.match(String(world.event('marker.failed').error), /disk full/);
});

for (const [row, answer] of [
  ['26a', 'lost'],
  ['26h', 'incomplete'],
] as const) {
  test(`row 25: a guard is told once, also after row ${row}`, async () => {
    const world = new World(NEWEST);
    world.set({ digest: 'S2', files: 1 });
    world.answers = [answer];
    // The first wait is the back-off of an answer that was lost.
    world.waits = [nothing, () => world.set({ digest: 'S3' }), nothing];
    await endsWell(world, 'live', 'S1');
    const guarded = world.told.filter(([name]) => name === 'guarded');
    assert.deepEqual([guarded.length, world.event('guarded').against], [1, '3']);
    assert.ok(world.events.filter((name) => name === 'save.done').length >= 2);
    assert.ok(world.created.every(({ guard }) => guard === '3'));
  });
}

test('row 27: a list that answers at last is no recovery before the save that it confirms', async () => {
  const world = new World(NEWEST);
  world.answers = ['locked', 'ok', 'error'];
  world.waits = [nothing, nothing];
  const recoveries = noteRecoveries(world);
  await endsWell(world, 'live');
  assert.deepEqual(world.calls.slice(0, 6), [
    ...['create data 4', 'back off save: locked', 'create data 4', 'list', 'back off save: error', 'list'],
  ]);
  assert.equal(recoveries[0]?.at(-1), 'save.done');
});

test('row 28: a save that counts deletes what has done its work', async () => {
  const world = new World(ours(1, { kind: 'claim' }), ours(2, { kind: 'claim', writer: OWN }), NEWEST);
  await endsWell(world, 'live');
  const saved = ['create data 4', 'list', 'marker live'];
  assert.deepEqual(world.calls, [...saved, 'delete 1 2', 'wait 300000']);
});

test('row 29: with everything saved and said the end is at once', async () => {
  const world = new World(NEWEST);
  world.sigterm();
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  assert.deepEqual(world.calls, ['create close 4', 'marker live']);
});

test('row 29: after SIGTERM a close is tried three times, and the end is as good', async () => {
  const world = new World(NEWEST);
  world.sigterm();
  world.answers = ['locked', 'error', 'locked', 'ok'];
  world.waits = [nothing, nothing, nothing];
  const recoveries = noteRecoveries(world);
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  const failed = ['create close 4', 'back off close: locked', 'create close 4'];
  assert.deepEqual(world.calls, [...failed, 'back off close: error', 'create close 4']);
  assert.deepEqual(world.events, ['close.failed']);
  assert.deepEqual(recoveries, [], 'what fails three times has not recovered between');
});

test('row 29: tries to close that get an answer do not count', async () => {
  const world = new World(NEWEST, ...[4, 5, 6].map((seq) => theirs(ours(seq).name)));
  world.sigterm();
  // Each second `create` meets somebody else's name, which a list then shows.
  world.answers = ['locked', 'ok', 'ok', 'locked', 'ok', 'ok', 'ok', 'ok'];
  world.waits = [nothing, nothing];
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  assert.equal(world.calls.filter((call) => call.startsWith('back off close')).length, 2);
  const taken = ['number.taken', 'number.taken', 'number.taken'];
  assert.deepEqual([world.events, world.event('closed').archive], [[...taken, 'closed'], ours(7).name]);
});

test('row 29: a close that meets the deadline ends as well', async () => {
  const world = new World(NEWEST);
  world.sigterm();
  world.answers = [
    () => {
      world.over = true;
      throw new End();
    },
  ];
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  assert.deepEqual(world.events, ['close.failed']);
});

test('row 29: so does one that waits for its next try at the deadline', async () => {
  const world = new World(NEWEST);
  world.sigterm();
  world.answers = ['locked'];
  assert.equal(await endsWell(world, 'live', 'S1'), true);
  assert.deepEqual(world.calls, ['create close 4', 'back off close: locked']);
  assert.deepEqual(world.events, ['close.failed']);
});

test('row 29: without a claim and with nothing unsaved the end is at once', async () => {
  const world = new World(ours(3));
  world.sigterm();
  assert.equal(await endsWell(world, 'unclaimed', 'S1', { claimed: false }), true);
  assert.deepEqual(world.calls, []);
});

for (const phase of ['resync', 'unclaimed', 'live'] as const) {
  test(`row 30: what is unsaved at the deadline, ${phase}, does not end well`, async () => {
    const world = new World(NEWEST);
    world.sigterm();
    world.answers = ['locked', 'locked'];
    world.waits = [nothing];
    assert.equal(await endsWell(world, phase), false);
    assert.deepEqual([world.calls.length, world.archives], [4, [NEWEST]]);
  });
}

for (const phase of ['resync', 'unclaimed', 'live', 'fenced'] as const) {
  test(`row 33: ${phase}, nothing that fails ends it, and nothing is wiped or extracted`, async () => {
    const world = new World(NEWEST);
    world.answers = Array.from(
      { length: 40 },
      (_, at) => (['locked', 'error', 'full'] as const)[at % 3] ?? 'error',
    );
    world.waits = Array.from({ length: 40 }, () => nothing);
    assert.equal(await endsWell(world, phase), false);
    assert.equal(world.waits.length, 0);
    assert.deepEqual(
      world.calls.filter((call) => call.startsWith('extract')),
      [],
    );
  });
}
