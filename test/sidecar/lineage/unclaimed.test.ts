import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import { unclaimed } from '../../../sidecar/src/lineage/unclaimed.ts';
import { liveMarker, OTHER, OWN, ours, THIRD, World } from '../../support/lineage.ts';

const nothing = () => {};
const MARKER = liveMarker({ claimed: false, last: 3, known: [OTHER] });

async function claimIn(world: World, saved = 'S1') {
  const writer = world.writer(MARKER, saved);
  return { phase: await unclaimed(writer), writer };
}

test('row 24c: it claims at once, late, and only then is live', async () => {
  const world = new World(ours(3));
  assert.equal((await claimIn(world)).phase, 'live');
  assert.deepEqual(world.calls, ['list', 'create claim 4', 'marker live']);
  const [made] = world.created;
  assert.deepEqual([made?.late, made?.parent, made?.final], [true, { sequence: 3, id: 'id-3' }, false]);
  assert.deepEqual([world.marker?.claimed, world.marker?.last], [true, 4]);
  assert.deepEqual(world.event('claimed'), { archive: ours(4).name, late: true });
});

test('row 24: nothing is accepted without a claim, and who asks is told so before the repository is', async () => {
  const world = new World(ours(3));
  world.accepting = true;
  world.answers = ['locked'];
  await assert.rejects(claimIn(world));
  assert.deepEqual(world.events, ['accept.refused']);
  assert.equal(world.accepting, false);
});

test('row 24c: newer data of writers that were there is passed over, kept and reported', async () => {
  const world = new World(ours(3), ours(4), ours(5, { kind: 'close' }));
  assert.equal((await claimIn(world)).phase, 'live');
  assert.deepEqual(world.event('held'), { archives: [ours(4).name] });
  // The base stays: that is what the volume descends from.
  assert.deepEqual([world.marker?.last, world.marker?.base.sequence], [6, 3]);
});

test('row 24: while nothing answers it tries again, and saves nothing', async () => {
  const world = new World(ours(3));
  world.answers = ['locked', 'full', 'error', 'ok', 'locked'];
  world.waits = [nothing, nothing, nothing, nothing];
  assert.equal((await claimIn(world, 'none')).phase, 'live');
  const lists = ['locked', 'full', 'error'].flatMap((kind) => ['list', `back off claim: ${kind}`]);
  const claims = ['list', 'create claim 4', 'back off claim: locked', 'list', 'create claim 4'];
  assert.deepEqual(world.calls, [...lists, ...claims, 'marker live']);
});

test('row 24: a number that somebody was faster to take is looked at in the next list', async () => {
  const world = new World(ours(3));
  const overtake = () => {
    world.archives.push(ours(4, { kind: 'close' }));
    return 'ok' as const;
  };
  world.answers = ['ok', overtake];
  world.waits = [nothing];
  assert.equal((await claimIn(world)).phase, 'live');
  assert.deepEqual(
    world.calls.filter((call) => !call.startsWith('back off')),
    ['list', 'create claim 4', 'list', 'create claim 5', 'marker live'],
  );
});

test('row 24b: an own claim whose answer was lost is found at head', async () => {
  const world = new World(ours(3));
  world.answers = ['ok', 'lost'];
  world.waits = [nothing];
  assert.equal((await claimIn(world)).phase, 'live');
  assert.deepEqual(world.calls, ['list', 'create claim 4', 'back off claim: error', 'list', 'marker live']);
  assert.deepEqual([world.marker?.claimed, world.marker?.last], [true, 4]);
});

for (const [what, change, phase] of [
  ['data', { kind: 'data' }, 'fenced'],
  ['a claim', { kind: 'claim' }, 'fenced'],
  ['a late claim', { kind: 'claim', late: true }, 'live'],
  ['a close', { kind: 'close' }, 'live'],
] as const satisfies [string, Partial<Comment>, string][]) {
  test(`row 24a: ${what} of a writer that came later: ${phase}`, async () => {
    const world = new World(ours(3), ours(4, { writer: THIRD, ...change }));
    assert.equal((await claimIn(world)).phase, phase);
    const created = phase === 'live' ? ['create claim 5', 'marker live'] : [];
    assert.deepEqual(world.calls, ['list', ...created]);
  });
}

test('row 24: at SIGTERM it still claims what is unsaved, and row 29: else it ends', async () => {
  for (const [saved, phase] of [
    ['none', 'live'],
    ['S1', 'ended'],
  ] as const) {
    const world = new World(ours(3));
    world.answers = ['locked'];
    world.waits = [world.sigterm];
    assert.equal((await claimIn(world, saved)).phase, phase);
    assert.equal(world.created.length, saved === 'S1' ? 0 : 1);
  }
});

test('row 5: nothing is claimed in another repository', async () => {
  const world = new World(ours(3, { writer: OWN }));
  world.repositoryId = 'another';
  world.waits = [
    nothing,
    () => {
      world.repositoryId = 'repo';
    },
  ];
  assert.equal((await claimIn(world)).phase, 'live');
  assert.match(world.calls[1] ?? '', /^back off claim: The repository has the id another/);
  assert.deepEqual(world.created, []);
});
