import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live } from '../../../sidecar/src/lineage/live.ts';
import { liveMarker, OWN, ours, World } from '../../support/lineage.ts';

const BASE = [1, 2, 3].map((seq) => ours(seq, { writer: OWN, parent: { sequence: seq - 1, id: 'x' } }));

test('row 25: an accepted loss is saved at once, changed or not, and retention goes on', async () => {
  const world = new World(...BASE);
  world.rules = { ...world.rules, quietMs: 100_000 };
  world.accepting = true;
  const writer = world.writer(liveMarker({ guard: '2' }), 'S1');
  world.waits = [() => {}];
  await assert.rejects(live(writer));
  assert.deepEqual(
    world.created.map(({ kind, guard }) => [kind, guard]),
    [['data', '-']],
  );
  assert.equal(world.marker?.guard, '-');
  assert.deepEqual(world.event('accepted'), { archive: 'grafana-0000000004' });
  assert.equal(world.accepting, false);
});

test('row 25: an acceptance that comes during a save is not undone by that save', async () => {
  const world = new World(...BASE);
  const writer = world.writer(liveMarker({ guard: '2' }), 'S0');
  world.answers = [
    () => {
      world.accepting = true;
      return undefined;
    },
  ];
  world.waits = [() => {}];
  await assert.rejects(live(writer));
  assert.deepEqual(
    world.created.map(({ guard }) => guard),
    ['2', '-'],
  );
  assert.deepEqual(world.event('accepted'), { archive: 'grafana-0000000005' });
});

test('row 25: where nothing is guarded nothing is saved for it', async () => {
  const world = new World(...BASE);
  world.accepting = true;
  await assert.rejects(live(world.writer(liveMarker(), 'S1')));
  assert.deepEqual(world.created, []);
  assert.deepEqual(world.event('accepted'), { archive: undefined });
});

test('row 25: a loss that is not archived yet is not accepted with nothing guarded', async () => {
  const world = new World(...BASE);
  world.rules = { ...world.rules, quietMs: 100_000 };
  world.set({ digest: 'S2', files: 1, bytes: 10 });
  world.accepting = true;
  world.waits = [() => {}];
  await assert.rejects(live(world.writer(liveMarker(), 'S1')));
  assert.deepEqual(
    world.created.map(({ guard }) => guard),
    ['3'],
  );
  assert.deepEqual(world.event('accepted'), { archive: undefined });
});

for (const [answer, archive] of [
  ['lost', 'grafana-0000000004'],
  ['incomplete', 'grafana-0000000005'],
] as const) {
  test(`row 25: where the first try is ${answer} the answer names the archive that says so`, async () => {
    const world = new World(...BASE);
    world.accepting = true;
    world.answers = [answer];
    world.waits = [() => {}];
    await assert.rejects(live(world.writer(liveMarker({ guard: '2' }), 'S1')));
    assert.deepEqual(
      world.told.filter(([name]) => name === 'accepted'),
      [['accepted', { archive }]],
    );
  });
}

test('row 25: an accepted entry that cannot be read is guarded no more, another one is', async () => {
  const world = new World(...BASE);
  world.set({ unreadable: ['secret'] });
  world.accepting = true;
  const writer = world.writer(liveMarker({ guard: '2' }), 'S1');
  world.waits = [
    () => world.set({ digest: 'S2' }),
    () => world.set({ digest: 'S3', unreadable: ['secret', 'x'] }),
  ];
  await assert.rejects(live(writer));
  assert.deepEqual(
    world.created.map(({ guard, lacks }) => [guard, lacks]),
    [
      ['-', ['secret']],
      ['-', ['secret']],
      ['5', ['secret', 'x']],
    ],
  );
});

test('row 25: past the limit of the volume a change is saved before it is quiet', async () => {
  for (const [sizeLimitBytes, saves] of [
    [4_095, 1],
    [4_096, 0],
  ] as const) {
    const world = new World(...BASE);
    world.rules = { ...world.rules, quietMs: 100_000, sizeLimitBytes };
    await assert.rejects(live(world.writer(liveMarker(), 'S0')));
    assert.equal(world.created.length, saves, String(sizeLimitBytes));
  }
});
