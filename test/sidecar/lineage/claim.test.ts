import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirmClaim, makeClaim } from '../../../sidecar/src/lineage/claim.ts';
import { newMarker } from '../../../sidecar/src/lineage/marker.ts';
import type { ListedArchive } from '../../../sidecar/src/lineage/order.ts';
import { OTHER, OWN, orderOf, ours, theirs, World } from '../../support/lineage.ts';

const BEFORE = [ours(2, { kind: 'claim' }), ours(3, { guard: '1', restore: 'e'.repeat(16) })];
const nothing = () => {};

/** Claims number 4 after a list that showed `BEFORE`. */
async function claim(world: World, signal?: AbortSignal) {
  const writer = world.writer(newMarker(OWN, { sequence: 0, id: '-' }));
  const first = orderOf(...BEFORE);
  const made = await makeClaim(writer, first);
  return typeof made === 'number' ? await confirmClaim(writer, first, made, signal) : made;
}

/** What happens just before the answer of a command. */
const appears = (world: World, archive: ListedArchive) => () => {
  world.archives.push(archive);
  return 'ok' as const;
};

test('row 14: a claim says whom it follows and what it inherits, and nothing of an end', async () => {
  const world = new World(...BEFORE, theirs('5'));
  world.prestop();
  const writer = world.writer(newMarker(OWN, { sequence: 0, id: '-' }));
  await makeClaim(writer, orderOf(...world.archives));
  const [made] = world.created;
  assert.deepEqual([made?.kind, made?.seq, made?.writer, made?.late], ['claim', 4, OWN, false]);
  assert.deepEqual([made?.closing, made?.final, made?.parent], [false, false, { sequence: 3, id: 'id-3' }]);
  assert.deepEqual([made?.guard, made?.restore, made?.legacy], ['1', 'e'.repeat(16), 5]);
  assert.deepEqual([made?.set, made?.pod, made?.app, made?.files], ['grafana', 'grafana-new', '12.1', 0]);
});

test('row 14: an own claim at the top is not made again', async () => {
  const own = ours(4, { kind: 'claim', writer: OWN });
  const world = new World(...BEFORE, own);
  const writer = world.writer(newMarker(OWN, { sequence: 0, id: '-' }));
  const made = await makeClaim(writer, orderOf(...world.archives));
  assert.deepEqual([made, world.calls], [4, []]);
});

test('row 16: a claim is confirmed by a list, which also says what records have done their work', async () => {
  const world = new World(...BEFORE);
  assert.deepEqual(await claim(world), { sequence: 4, done: [ours(2).name] });
  assert.deepEqual(world.calls, ['create claim 4', 'list']);
  assert.deepEqual(world.event('claimed'), { archive: ours(4).name, late: false });
});

test('row 15: a claim whose answer was lost is found by its writer', async () => {
  const world = new World(...BEFORE);
  world.answers = ['lost'];
  world.waits = [nothing];
  assert.deepEqual(await claim(world), { sequence: 4, done: [ours(2).name] });
  assert.deepEqual(world.calls, [
    'create claim 4',
    'back off start: error',
    'create claim 4',
    'list',
    'list',
  ]);
  const [first, second] = world.created;
  assert.notEqual(first?.try, second?.try);
});

for (const [whose, archive] of [
  ["another writer's claim", ours(4, { kind: 'claim' })],
  ["another writer's data", ours(4)],
  ['somebody else’s archive', theirs(ours(4).name)],
] as const) {
  test(`row 15: a name that is ${whose} is lost`, async () => {
    const world = new World(...BEFORE);
    world.answers = [appears(world, archive)];
    assert.equal(await claim(world), undefined);
    assert.deepEqual(world.calls, ['create claim 4', 'list']);
    assert.deepEqual(world.archives.at(-1), archive);
    const { archive: lost, to } = world.event('claim.lost');
    assert.deepEqual([lost, to?.writer], [ours(4).name, archive.comment === '' ? undefined : OTHER]);
  });
}

test('row 15: whose name it is counts as an error where that cannot be read', async () => {
  const world = new World(...BEFORE);
  world.answers = [appears(world, ours(4)), 'locked'];
  world.waits = [nothing];
  assert.equal(await claim(world), undefined);
  const unread = ['create claim 4', 'list', 'back off start: locked'];
  assert.deepEqual(world.calls, [...unread, 'create claim 4', 'list']);
});

test('row 15: a name that is taken and that no list shows is tried again', async () => {
  const world = new World(...BEFORE);
  const vanishing = () => {
    world.archives = [...BEFORE];
    return 'ok' as const;
  };
  world.answers = [appears(world, ours(4)), vanishing];
  world.waits = [nothing];
  assert.equal((await claim(world))?.constructor, Object);
  assert.match(world.calls[2] ?? '', /^back off start: The archive grafana-0000000004 is there, although/);
  assert.deepEqual(world.calls.slice(3), ['create claim 4', 'list']);
});

test('row 15: a lock is waited for as long as LOCK_TIMEOUT, with the same number and new tries', async () => {
  const world = new World(...BEFORE);
  world.answers = ['locked', 'locked', 'locked'];
  const half = () => {
    world.nowMs += world.rules.lockTimeoutMs / 2;
  };
  world.waits = [half, half];
  assert.deepEqual(await claim(world), { kind: 'locked', failure: 'locked' });
  const locked = ['create claim 4', 'back off start: locked'];
  // The marker says since when, so that the next container goes on counting.
  assert.deepEqual(world.calls, [
    'create claim 4',
    'marker restoring',
    ...locked.slice(1),
    ...locked,
    locked[0],
  ]);
  assert.deepEqual(world.marker?.lockedSince, { boot: 'this boot', atMs: 1_000_000 });
  assert.equal(new Set(world.created.map((comment) => comment.try)).size, 3);
});

test('row 15: a full disk is not waited for', async () => {
  const world = new World(...BEFORE);
  world.answers = ['full'];
  assert.deepEqual(await claim(world), { kind: 'full', failure: 'full' });
  assert.deepEqual(world.calls, ['create claim 4']);
});

test('row 16: a claim that the list does not confirm is lost, and says to whom', async () => {
  const world = new World(...BEFORE);
  world.answers = ['ok', appears(world, ours(5, { pod: 'faster' }))];
  assert.equal(await claim(world), undefined);
  assert.deepEqual(world.event('claim.lost'), {
    archive: ours(4).name,
    to: { archive: ours(5).name, kind: 'data', writer: 'b'.repeat(16), pod: 'faster' },
  });
  assert.ok(!world.events.includes('claimed'));
});

test('row 16: the predecessor’s new archive takes the confirmation away', async () => {
  const world = new World(...BEFORE);
  world.answers = ['ok', appears(world, theirs('1700000000'))];
  assert.equal(await claim(world), undefined);
});

test('row 16: the list is asked for until it answers', async () => {
  const world = new World(...BEFORE);
  world.answers = ['ok', 'error', 'locked'];
  world.waits = [nothing, nothing];
  assert.deepEqual(await claim(world), { sequence: 4, done: [ours(2).name] });
  const failed = ['list', 'back off start: error', 'list', 'back off start: locked'];
  assert.deepEqual(world.calls, ['create claim 4', ...failed, 'list']);
});

test('row 18: a claim that is told to end during its last list is not waited for', async () => {
  const world = new World(...BEFORE);
  const stop = new AbortController();
  const ended = () => {
    stop.abort();
    return 'error' as const;
  };
  world.answers = ['ok', ended];
  assert.equal(await claim(world, stop.signal), undefined);
  assert.deepEqual(world.calls, ['create claim 4', 'list']);
});
