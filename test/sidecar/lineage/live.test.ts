// long: rows 25 to 30 of one table, and the world that they share
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { live } from '../../../sidecar/src/lineage/live.ts';
import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import type { ListedArchive } from '../../../sidecar/src/lineage/order.ts';
import { End, liveMarker, OTHER, OWN, ours, theirs, World } from '../../support/lineage.ts';

const NEWEST = ours(3, { writer: OWN });
const nothing = () => {};

/** Lets the writer live to its end, from a volume that is saved as `S1`. */
async function liveIn(world: World, { saved = 'S1', ...change }: Partial<Marker> & { saved?: string } = {}) {
  const writer = world.writer(liveMarker(change), saved);
  const phase = await live(writer).catch((error: unknown) => {
    assert.ok(error instanceof End, String(error));
    return 'cut off';
  });
  return { phase, writer };
}

const writes = (world: World, digest: string) => () => world.set({ digest });
const appears = (world: World, archive: ListedArchive) => () => {
  world.archives.push(archive);
  return 'ok' as const;
};

/** What a save and its confirmation call. */
const SAVED = (seq: number) => [`create data ${seq}`, 'list', 'marker live'];
const IDLE = 'wait 300000';

describe('saving', () => {
  test('row 25: nothing unsaved is looked at again after BACKUP_INTERVAL, and nothing is created', async () => {
    const world = new World(NEWEST);
    world.waits = [nothing, nothing];
    await liveIn(world);
    assert.deepEqual(world.calls, [IDLE, IDLE, IDLE]);
  });

  test('row 25: a change is saved as the next number, with the newest own as its parent', async () => {
    const world = new World(NEWEST);
    world.waits = [writes(world, 'S2'), nothing];
    const { writer } = await liveIn(world, { restore: 'e'.repeat(16), legacy: 7 });
    assert.deepEqual(world.calls.slice(0, 5), [IDLE, ...SAVED(4), IDLE]);
    const [made] = world.created;
    assert.deepEqual([made?.kind, made?.parent, made?.writer], ['data', { sequence: 3, id: 'id-3' }, OWN]);
    assert.deepEqual([made?.restore, made?.legacy, made?.guard], ['e'.repeat(16), 7, '-']);
    assert.deepEqual([made?.closing, made?.final, made?.files, made?.bytes], [false, false, 3, 4_096]);
    assert.equal(writer.saved, 'S2');
    assert.deepEqual(world.events, ['save.started', 'save.done']);
    assert.deepEqual(world.event('save.done').archive, ours(4).name);
  });

  test('row 27: a confirmed save is the last and the base of the next', async () => {
    const world = new World(NEWEST);
    world.waits = [writes(world, 'S2'), writes(world, 'S3'), nothing];
    await liveIn(world);
    assert.deepEqual([world.created[1]?.seq, world.created[1]?.parent.sequence], [5, 4]);
    assert.deepEqual(
      [world.marker?.last, world.marker?.base],
      [...[5, { sequence: 5, id: world.archives.at(-1)?.id }]],
    );
  });

  test('row 25: a volume that has lost its marker gets it back before the save', async () => {
    const world = new World(NEWEST);
    world.examined = 'unmarked';
    world.waits = [nothing];
    await liveIn(world, { saved: 'none' });
    assert.deepEqual(world.calls.slice(0, 4), ['marker live', ...SAVED(4)]);
    assert.equal(world.events[0], 'marker.restored');
  });

  test('row 25: a volume that is not the writer’s any more is never saved', async () => {
    const world = new World(NEWEST);
    world.examined = 'gone';
    world.waits = [nothing];
    await liveIn(world, { saved: 'none' });
    assert.deepEqual(world.created, []);
    assert.match(world.calls[0] ?? '', /^back off save: The volume \/data is not the one that was restored/);
  });

  test('row 25: a loss sets the guard to the base, is reported, stays, and stops retention', async () => {
    const world = new World(ours(2, { kind: 'claim' }), NEWEST);
    world.waits = [() => world.set({ digest: 'S2', files: 1 }), writes(world, 'S3'), nothing];
    await liveIn(world);
    assert.deepEqual(
      world.created.map(({ guard }) => guard),
      ['3', '3'],
    );
    assert.deepEqual(
      [world.marker?.guard, world.calls.some((call) => call.startsWith('delete'))],
      ['3', false],
    );
    const { archive, against } = world.event('guarded');
    assert.deepEqual([archive, against], [ours(4).name, '3']);
    assert.equal(world.events.filter((name) => name === 'guarded').length, 1);
  });

  test('row 25: an entry that cannot be read is left out, said and guarded', async () => {
    const world = new World(NEWEST);
    world.waits = [() => world.set({ digest: 'S2', unreadable: ['secret'] }), nothing];
    await liveIn(world);
    const [made] = world.created;
    assert.deepEqual([made?.partial, made?.lacks, made?.guard], [true, ['secret'], '3']);
  });
});

describe('answers', () => {
  test('row 26d: a lock or an error saves nothing: the same number, a new try, with back-off', async () => {
    const world = new World(NEWEST);
    world.answers = ['locked', 'error'];
    world.waits = [nothing, nothing, nothing];
    const { writer } = await liveIn(world, { saved: 'none' });
    const failed = ['create data 4', 'back off save: locked', 'create data 4', 'back off save: error'];
    assert.deepEqual(world.calls.slice(0, 7), [...failed, ...SAVED(4)]);
    assert.equal(new Set(world.created.map((comment) => comment.try)).size, 3);
    assert.equal(writer.saved, 'S1');
  });

  test('row 25: while a create is not confirmed nothing is saved, also where the volume is as before', async () => {
    const world = new World(NEWEST);
    world.answers = ['locked'];
    world.waits = [writes(world, 'S2'), writes(world, 'S1'), nothing];
    await liveIn(world);
    assert.deepEqual(world.calls.slice(1, 6), ['create data 4', 'back off save: locked', ...SAVED(4)]);
  });

  test('row 26a: a save whose answer was lost counts for what it held', async () => {
    const world = new World(NEWEST);
    world.answers = ['lost'];
    world.waits = [writes(world, 'S2'), writes(world, 'S3'), nothing];
    const { writer } = await liveIn(world);
    // S2 is in number 4, so what the volume is by now goes into number 5.
    // Since when it is unsaved nobody knows: it is looked at again at once.
    const found = ['create data 4', 'list', 'marker live', 'list', 'marker live', 'wait 0'];
    assert.deepEqual(world.calls.slice(3, 9), found);
    assert.deepEqual([world.created.at(-1)?.seq, world.created.at(-1)?.parent.sequence], [5, 4]);
    assert.deepEqual([writer.saved, world.marker?.last], ['S3', 5]);
  });

  test('row 26a: a save that lacks entries and whose answer was lost counts for nothing', async () => {
    const world = new World(NEWEST);
    world.answers = ['lost incomplete'];
    world.waits = [nothing, nothing];
    const { writer } = await liveIn(world, { saved: 'none' });
    assert.deepEqual(
      world.created.map(({ seq }) => seq),
      [4, 4, 5],
    );
    assert.equal(world.event('save.done').archive, ours(5).name);
    assert.equal(writer.saved, 'S1');
  });

  test('row 26a: own data of an earlier container is gone on behind, and acknowledges nothing', async () => {
    const world = new World(NEWEST, ours(4, { writer: OWN, try: 'f'.repeat(16) }));
    world.waits = [nothing];
    await liveIn(world, { saved: 'none' });
    assert.deepEqual(
      world.created.map(({ seq, parent }) => [seq, parent.sequence]),
      [
        [4, 3],
        [5, 4],
      ],
    );
    assert.equal(world.events.filter((name) => name === 'save.done').length, 1);
  });

  test('row 26a: an own record takes its number and is no base', async () => {
    const world = new World(NEWEST, ours(4, { writer: OWN, kind: 'close' }));
    world.waits = [nothing];
    await liveIn(world, { saved: 'none' });
    assert.deepEqual([world.created[1]?.seq, world.created[1]?.parent.sequence], [5, 3]);
  });

  test('row 26b: a foreign name takes its number and is reported', async () => {
    const world = new World(NEWEST, theirs(ours(4).name));
    world.waits = [nothing];
    await liveIn(world, { saved: 'none' });
    assert.deepEqual(world.calls.slice(0, 6), ['create data 4', 'list', 'marker live', ...SAVED(5)]);
    assert.deepEqual(world.event('number.taken'), { archive: ours(4).name });
  });

  for (const kind of ['data', 'claim', 'close'] as const) {
    test(`row 26c: another writer’s ${kind} under the name fences`, async () => {
      const world = new World(NEWEST, ours(4, { kind }));
      const { phase, writer } = await liveIn(world, { saved: 'none' });
      assert.deepEqual([phase, writer.saved, world.calls], ['fenced', undefined, ['create data 4', 'list']]);
    });
  }

  test('row 26h: an archive that lacks an entry is the base of the next, and saves nothing', async () => {
    const world = new World(NEWEST);
    world.answers = ['incomplete'];
    world.waits = [nothing];
    const { writer } = await liveIn(world, { saved: 'none' });
    assert.deepEqual(world.calls.slice(0, 5), ['create data 4', 'marker live', ...SAVED(5)]);
    assert.deepEqual([world.created[1]?.parent.sequence, writer.saved], [4, 'S1']);
  });

  test('row 26h: what comes and goes is told after the third time, and waited for', async () => {
    const world = new World(NEWEST);
    world.answers = ['incomplete', 'incomplete', 'incomplete'];
    world.waits = [nothing, nothing];
    await liveIn(world, { saved: 'none' });
    assert.equal(world.calls[6], 'back off save: one could not be read');
    assert.deepEqual(world.calls.slice(7, 10), SAVED(7));
  });

  test('row 27: nothing is acknowledged until a list answers', async () => {
    const world = new World(NEWEST);
    world.answers = ['ok', 'error', 'locked'];
    const unsaved: (string | undefined)[] = [];
    const writer = world.writer(liveMarker(), 'none');
    const note = () => unsaved.push(writer.saved, world.marker?.last.toString());
    world.waits = [note, note, nothing];
    await assert.rejects(live(writer), End);
    assert.deepEqual(unsaved, [undefined, '3', undefined, '3']);
    assert.deepEqual([writer.saved, world.marker?.last], ['S1', 4]);
  });

  test('row 27: another writer at head fences, and the save does not count', async () => {
    const world = new World(NEWEST);
    world.answers = ['ok', appears(world, ours(5, { kind: 'claim' }))];
    const { phase, writer } = await liveIn(world, { saved: 'none' });
    assert.deepEqual([phase, writer.saved, writer.marker.last], ['fenced', undefined, 3]);
    assert.ok(!world.events.includes('save.done'));
  });
});

describe('the end', () => {
  test('row 25: after prestop saves say closing, after SIGTERM final', async () => {
    const world = new World(ours(2, { kind: 'claim' }), NEWEST);
    world.prestop();
    world.waits = [
      () => {
        world.set({ digest: 'S3' });
        world.sigterm();
      },
    ];
    const { phase, writer } = await liveIn(world, { saved: 'none' });
    assert.deepEqual(
      world.created.map(({ kind, closing, final }) => [kind, closing, final]),
      [
        ['data', true, false],
        ['data', true, true],
      ],
    );
    // Row 28: no retention in the way of the end. Row 29: the final save has said all.
    assert.deepEqual(world.calls, [...SAVED(4), IDLE, ...SAVED(5)]);
    assert.deepEqual([phase, writer.saved, writer.said], ['ended', 'S3', 2]);
  });

  test('row 25a: after prestop the end is said once; row 29: after SIGTERM as final', async () => {
    const world = new World(NEWEST);
    world.prestop();
    world.waits = [nothing, world.sigterm];
    const { phase } = await liveIn(world);
    const closed = (seq: number) => [`create close ${seq}`, 'marker live'];
    assert.deepEqual(world.calls, [...closed(4), IDLE, IDLE, ...closed(5)]);
    assert.deepEqual(
      world.created.map(({ closing, final, parent }) => [closing, final, parent.sequence]),
      [
        [true, false, 3],
        [true, true, 3],
      ],
    );
    assert.deepEqual([phase, world.marker?.last, world.marker?.base.sequence], ['ended', 5, 3]);
    assert.deepEqual(world.event('closed'), { archive: ours(5).name, final: true });
  });

  test('row 26b: a foreign name under a close takes its number', async () => {
    const world = new World(NEWEST, theirs(ours(4).name));
    world.sigterm();
    assert.equal((await liveIn(world)).phase, 'ended');
    assert.deepEqual(world.calls, [
      ...['create close 4', 'list', 'marker live', 'create close 5', 'marker live'],
    ]);
  });

  test('row 26c: another writer’s archive under a close fences, whatever is saved', async () => {
    const world = new World(NEWEST, ours(4, { kind: 'claim', writer: OTHER }));
    world.prestop();
    assert.equal((await liveIn(world)).phase, 'fenced');
  });

  test('row 26f: an own record under a close has said what it says', async () => {
    const world = new World(NEWEST, ours(4, { kind: 'close', writer: OWN, closing: true, final: true }));
    world.sigterm();
    const { phase } = await liveIn(world);
    assert.deepEqual([phase, world.calls], ['ended', ['create close 4', 'list', 'marker live']]);
  });

  test('row 26f: own data under a close is the base, and the volume is saved again', async () => {
    const world = new World(NEWEST, ours(4, { writer: OWN, closing: true, final: true }));
    world.sigterm();
    const { phase } = await liveIn(world);
    assert.deepEqual(world.created.at(-1)?.parent, { sequence: 4, id: 'id-4' });
    assert.deepEqual([phase, world.calls.slice(-3)], ['ended', SAVED(5)]);
  });

  test('row 26g: a close that gets no answer after prestop is tried again for as long as it takes', async () => {
    const world = new World(NEWEST);
    world.prestop();
    world.answers = ['locked', 'error', 'locked', 'error'];
    world.waits = [nothing, nothing, nothing, nothing, world.sigterm];
    assert.equal((await liveIn(world)).phase, 'ended');
    assert.equal(world.calls.filter((call) => call === 'create close 4').length, 5);
  });
});
