import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Moment, newMarker } from '../../../sidecar/src/lineage/marker.ts';
import { start } from '../../../sidecar/src/lineage/start.ts';
import { forkOf, OTHER, OWN, ours, THIRD, theirs, World } from '../../support/lineage.ts';

const FINAL = ours(5, { closing: true, final: true, files: 8, bytes: 9 });
const nothing = () => {};

/** A start that has waited for the lock for longer than LOCK_TIMEOUT: from an earlier container's marker. */
function lockedOut(world: World, lockedSince: Moment = { boot: 'this boot', atMs: 0 }): World {
  const marker = { ...newMarker(OWN, { sequence: 0, id: '-' }), lockedSince };
  world.found = { empty: false, marker, record: undefined };
  world.answers = ['locked'];
  return world;
}

const PAST = 'list past the lock';
const STARTED = [PAST, 'extract 5 past the lock', PAST, 'settle', 'marker live', 'gate'];

describe('the lock', () => {
  test('row 10: a lock is waited for, and gone past once it is too long', async () => {
    const world = new World(FINAL);
    world.answers = ['locked', 'locked', 'locked'];
    const half = () => {
      world.nowMs += world.rules.lockTimeoutMs / 2;
    };
    world.waits = [half, half];
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    const locked = ['back off start: locked', 'list', 'back off start: locked', 'list'];
    assert.deepEqual(world.calls, ['marker restoring', 'list', 'marker restoring', ...locked, ...STARTED]);
    assert.deepEqual(world.event('unclaimed'), { why: 'locked', lockedForMs: 102_000 });
  });

  test('row 10: a lock that is given up in between is counted anew', async () => {
    const world = new World(ours(5));
    // A list that answers, of a writer that is waited for.
    world.answers = ['locked', 'ok', 'locked', 'ok'];
    world.waits = [nothing, nothing, nothing, ...Array.from({ length: 9 }, () => nothing)];
    assert.equal((await start(world.parts)).phase, 'live');
    assert.equal(world.calls.includes(PAST), false);
    assert.equal(world.marker?.lockedSince, undefined);
  });

  test('row 10: a new container goes on counting', async () => {
    const world = lockedOut(new World(FINAL));
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    assert.deepEqual(world.calls, ['list', ...STARTED]);
    assert.equal(world.event('unclaimed').lockedForMs, 1_000_000);
  });

  test('row 10: a full disk is gone past at once', async () => {
    const world = new World(FINAL);
    world.answers = ['full'];
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    assert.deepEqual(world.calls, ['marker restoring', 'list', ...STARTED]);
    assert.equal(world.event('unclaimed').why, 'full');
  });
});

describe('past the lock', () => {
  test('row 22: the marker knows the writers and the numbers that were there, and claims nothing', async () => {
    const archives = [ours(3, { writer: THIRD }), ours(4, { kind: 'claim', writer: THIRD }), FINAL];
    const world = lockedOut(new World(...archives, theirs('grafana-0000000009'), forkOf(OWN, 1)));
    world.onGate = () => world.set({ digest: 'the application writes' });
    const { writer } = await start(world.parts);
    const { state, claimed, last, base, known, ...marker } = world.marker ?? writer.marker;
    assert.deepEqual([state, claimed, last, base.sequence], ['live', false, 9, 5]);
    assert.deepEqual([[...known].sort(), marker.lockedSince], [[OTHER, THIRD], undefined]);
    assert.deepEqual([marker.repo, marker.baseSize], ['repo', { files: 8, bytes: 9 }]);
    assert.equal(writer.saved, 'S1');
    assert.deepEqual(world.created, []);
  });

  test('row 22: row 11 holds past the lock, too', async () => {
    const world = lockedOut(new World(theirs('x')));
    await assert.rejects(start(world.parts), { reason: 'foreign-archives' });
    assert.deepEqual(world.calls, ['list', PAST]);
  });

  test('row 22: row 12 holds too; the writer’s time has gone on while the lock was held', async () => {
    const closing = ours(5, { closing: true });
    const world = lockedOut(new World(closing), { boot: 'this boot', atMs: 1_000_000 - 100_000 });
    world.rules = { ...world.rules, closingTimeoutMs: 101_000 };
    world.answers = ['locked', 'ok', 'locked'];
    world.waits = [nothing];
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    assert.deepEqual(world.calls, ['list', PAST, 'wait 1000', 'list', ...STARTED]);
  });

  test('row 22: a request is never done past a lock', async () => {
    const world = lockedOut(new World(ours(2), FINAL));
    const request = { hash: 'f'.repeat(16), wanted: { archive: ours(2).name }, text: 'x' };
    world.rules = { ...world.rules, request };
    world.waits = [nothing];
    assert.equal((await start(world.parts)).phase, 'live');
    assert.deepEqual(world.calls.slice(0, 4), ['list', PAST, 'back off start: locked', 'list']);
    assert.ok(world.calls.includes('extract 2') && !world.calls.includes('extract 5'));
  });

  test('row 22: what was committed during the extraction is not passed over', async () => {
    const world = lockedOut(new World(FINAL));
    world.extracts = [
      () => {
        world.archives.push(ours(6, { final: true }));
      },
    ];
    // Also the lock is free by then.
    assert.equal((await start(world.parts)).phase, 'live');
    const again = ['list', 'marker restoring', 'create claim 7', 'list', 'extract 6'];
    assert.deepEqual(world.calls, ['list', ...STARTED.slice(0, 3), ...again, ...STARTED.slice(3)]);
  });

  test('row 22: an archive that vanished or changed its id is a change as well', async () => {
    for (const later of [[FINAL], [ours(4, {}, 'new'), FINAL]]) {
      const world = lockedOut(new World(ours(4), FINAL));
      world.extracts = [
        () => {
          world.archives = later;
        },
      ];
      assert.equal((await start(world.parts)).phase, 'live');
    }
  });

  test('row 22: an extraction that fails begins anew with the list', async () => {
    const world = lockedOut(new World(FINAL));
    world.extracts = [
      () => {
        throw new Error('broken');
      },
    ];
    world.answers.push('ok', 'locked');
    world.waits = [nothing];
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    const failed = ['list', ...STARTED.slice(0, 2), 'back off start: broken', 'list'];
    assert.deepEqual(world.calls, [...failed, ...STARTED]);
  });

  test('row 22: both lists are asked for until they answer', async () => {
    const world = lockedOut(new World(FINAL));
    world.answers.push('error', 'ok', 'error', 'ok');
    world.waits = [nothing, nothing];
    assert.equal((await start(world.parts)).phase, 'unclaimed');
    const failed = [PAST, 'back off start: error'];
    assert.deepEqual(world.calls, [
      ...['list', ...failed, ...STARTED.slice(0, 2), ...failed, ...STARTED.slice(2)],
    ]);
  });
});

describe('after a claim that the lock or the disk was against', () => {
  for (const answer of ['locked', 'full'] as const) {
    test(`row 15: ${answer} for too long, nothing is extracted before it goes past the lock`, async () => {
      const world = new World(FINAL);
      world.answers = ['ok', answer];
      world.rules = { ...world.rules, lockTimeoutMs: 0 };
      assert.equal((await start(world.parts)).phase, 'unclaimed');
      const claiming = world.calls.filter((call) => call !== 'marker restoring');
      assert.deepEqual(claiming, ['list', 'create claim 6', ...STARTED]);
      assert.equal(world.event('unclaimed').why, answer);
    });
  }

  test('row 15: with a request it is waited for', async () => {
    const world = new World(ours(2), FINAL);
    const request = { hash: 'f'.repeat(16), wanted: { archive: ours(2).name }, text: 'x' };
    world.rules = { ...world.rules, request };
    world.answers = ['ok', 'full'];
    world.waits = [nothing];
    assert.equal((await start(world.parts)).phase, 'live');
    const waited = [PAST, 'back off start: full', 'list', 'create claim 6', 'list', 'extract 2'];
    assert.deepEqual(world.calls.slice(3, 9), waited);
  });
});
