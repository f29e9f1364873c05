import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newMarker } from '../../../sidecar/src/lineage/marker.ts';
import { start } from '../../../sidecar/src/lineage/start.ts';
import { isUnanswered, openGate } from '../../../sidecar/src/lineage/writer.ts';
import { End, liveMarker, OTHER, OWN, orderOf, ours, theirs, World } from '../../support/lineage.ts';

const nothing = () => {};
const BEGINNING = { closing: false, final: false };

test('row 20: what an archive lacks with a person’s consent is inherited, what is guarded is not consent', () => {
  for (const [guard, accepted] of [
    ['-', ['secret']],
    ['2', []],
  ] as const) {
    const writer = new World().writer(liveMarker({ accepted: ['older'] }));
    writer.takeOver(orderOf(ours(3, { guard, lacks: ['secret'] })), { last: 4 });
    assert.deepEqual([writer.marker.guard, writer.marker.accepted], [guard, accepted]);
  }
  const writer = new World().writer(liveMarker({ accepted: ['older'] }));
  writer.takeOver(orderOf(), { last: 1 });
  assert.deepEqual(writer.marker.accepted, []);
});

describe('another repository', () => {
  test('row 5: after the gate a list of another repository is no answer', async () => {
    const world = new World(ours(3));
    const writer = world.writer(liveMarker());
    world.repositoryId = 'another';
    world.waits = [nothing];
    await assert.rejects(writer.list('save'), End);
    assert.match(world.calls[1] ?? '', /^back off save: The repository has the id another/);
    assert.deepEqual([world.told.length, world.created.length], [0, 0]);
  });

  test('row 5: nothing is created in it before a list is right', async () => {
    const world = new World(ours(3));
    const writer = world.writer(liveMarker());
    world.repositoryId = 'another';
    await assert.rejects(writer.listOnce(), { reason: 'wrong-repository' });
    const creation = { name: ours(4).name, comment: writer.describeRecord('close', 4, BEGINNING) };
    await assert.rejects(writer.create(creation), { reason: 'wrong-repository' });
    world.answers = ['locked'];
    // Locked is for a create that certainly did nothing; this is as good as none.
    assert.deepEqual(await writer.create(creation), { kind: 'error', failure: 'locked' });
    assert.deepEqual(world.created, []);
    world.repositoryId = 'repo';
    assert.equal((await writer.create(creation)).kind, 'created');
    assert.equal((await writer.create({ ...creation, name: ours(5).name })).kind, 'created');
    assert.deepEqual(world.calls, ['list', 'list', 'list', 'list', 'create close 4', 'create close 4']);
  });

  test('row 5: an archive that was created there does not count, and is the last one', async () => {
    const world = new World();
    const writer = world.writer(liveMarker());
    world.repositoryId = 'another';
    const creation = { name: ours(4).name, comment: writer.describeRecord('close', 4, BEGINNING) };
    await assert.rejects(writer.create(creation), { reason: 'wrong-repository' });
    await assert.rejects(writer.create(creation), { reason: 'wrong-repository' });
    assert.deepEqual(world.calls, ['create close 4', 'list']);
  });

  test('row 5: before the gate any repository will do, unless REPOSITORY_ID names one', async () => {
    const world = new World(ours(3, { final: true }));
    world.repositoryId = 'another';
    await start(world.parts);
    assert.equal(world.marker?.repo, 'another');
    const pinned = new World(ours(3, { final: true }));
    pinned.rules = { ...pinned.rules, repositoryId: 'another' };
    await assert.rejects(start(pinned.parts), { reason: 'wrong-repository' });
    assert.deepEqual(pinned.calls, ['marker restoring', 'list']);
  });
});

describe('the order', () => {
  test('each list is told of', async () => {
    const strays = [ours(1, { kind: 'claim' }), theirs('x')];
    const held = ours(2);
    const world = new World(...strays, held, ours(3, { writer: OWN }), theirs('1700000000'));
    await world.writer(liveMarker({ guard: '1' })).listOnce();
    const { archives, head, id, ...listed } = world.event('listed');
    assert.deepEqual([archives, head?.archive, id], [5, ours(3).name, 'repo']);
    assert.deepEqual(listed, {
      ...{ forks: [], held: [held.name], legacy: 1_700_000_000, guard: '1' },
      strays: strays.map(({ name }) => name),
    });
  });

  test('part 0: an archive under a name is an entry, foreign, or not known', async () => {
    const world = new World(ours(3), theirs(ours(4).name));
    const writer = world.writer(liveMarker());
    const entry = async (seq: number) => {
      const found = await writer.findExisting(ours(seq).name);
      return isUnanswered(found) ? found.kind : found.entry?.comment.writer;
    };
    assert.deepEqual([await entry(3), await entry(4), await entry(5)], [OTHER, undefined, 'error']);
    world.answers = ['locked'];
    assert.equal(await entry(3), 'error');
  });

  test('a step is repeated until it is done, whatever fails in it', async () => {
    const world = new World();
    const writer = world.writer(liveMarker());
    const results = [{ kind: 'error', failure: 'one' } as const, 'two', 'done'];
    world.waits = [nothing, nothing];
    const done = await writer.untilDone('save', async () => {
      const result = results.shift();
      if (result === 'two' || result === undefined) {
        throw new Error('two');
      }
      return result;
    });
    assert.deepEqual([done, world.calls], ['done', ['back off save: one', 'back off save: two']]);
  });
});

describe('comments and markers', () => {
  test('row 25: data says what the volume holds and whom it descends from', () => {
    const world = new World();
    const writer = world.writer(liveMarker({ guard: '2', restore: 'e'.repeat(16), legacy: 7 }));
    const look = { digest: 'S1', files: 4, bytes: 5, unreadable: ['a'], tookMs: 0 };
    assert.deepEqual(writer.describeData('data', 4, look, { closing: true, final: false }), {
      ...{ set: 'grafana', kind: 'data', seq: 4, parent: { sequence: 3, id: 'id-3' }, writer: OWN },
      ...{ claim: 0, try: '0000000000000001', pod: 'grafana-new', final: false, closing: true, late: false },
      ...{ consistent: false, partial: true, lacks: ['a'], files: 4, bytes: 5, chunker: 'fixed,65536' },
      ...{ app: '12.1', restore: 'e'.repeat(16), guard: '2', legacy: 7 },
      ...{ added: 0, compacted: 0, checked: 0 },
    });
  });

  test('row 24: a late claim says so', () => {
    const writer = new World().writer(liveMarker());
    const { kind, late, files } = writer.describeRecord('claim', 4, BEGINNING, true);
    assert.deepEqual([kind, late, files], ['claim', true, 0]);
  });

  test('a marker is not written where the volume has none yet, and a full disk stops nothing', async () => {
    const world = new World();
    const writer = world.writer(newMarker(OWN, { sequence: 0, id: '-' }));
    writer.marked = false;
    await writer.remember({ last: 1 });
    assert.deepEqual(world.calls, []);
    writer.marked = true;
    world.onMarker = () => {
      throw new Error('disk full');
    };
    await writer.remember({ last: 2 });
    assert.deepEqual(
      [writer.marker.last, world.calls, world.events],
      [2, ['marker restoring'], ['marker.failed']],
    );
  });

  test('row 21: the fingerprint is taken, and the marker written, before the gate opens', async () => {
    for (const saved of [true, false]) {
      const world = new World();
      world.onGate = () => world.set({ digest: 'later' });
      const lockedSince = { boot: 'this boot', atMs: 1 };
      const writer = world.writer({ ...newMarker(OWN, { sequence: 0, id: '-' }), lockedSince });
      await openGate(writer, { claimed: saved, saved });
      assert.deepEqual(world.calls, ['marker live', 'gate']);
      assert.deepEqual([writer.saved, world.marker?.claimed], [saved ? 'S1' : undefined, saved]);
      assert.deepEqual([world.marker?.state, world.marker?.lockedSince], ['live', undefined]);
    }
  });

  test('row 21: a gate whose marker cannot be written stays closed', async () => {
    const world = new World();
    world.onMarker = () => {
      throw new Error('disk full');
    };
    await assert.rejects(openGate(world.writer(liveMarker()), { claimed: true, saved: true }), /disk full/);
    assert.deepEqual(world.calls, ['marker live']);
  });
});
