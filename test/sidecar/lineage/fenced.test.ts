import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenced } from '../../../sidecar/src/lineage/fenced.ts';
import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import { End, forkOf, liveMarker, OTHER, OWN, ours, World } from '../../support/lineage.ts';

const nothing = () => {};
const IDLE = 'wait 300000';

async function fencedIn(world: World, saved?: string, change: Partial<Marker> = {}) {
  const writer = world.writer(liveMarker(change), saved);
  const phase = await fenced(writer).catch((error: unknown) => {
    assert.ok(error instanceof End, String(error));
    return 'cut off';
  });
  return { phase, writer };
}

const writes = (world: World, digest: string) => () => world.set({ digest });
const ownForks = (...numbers: number[]) => numbers.map((number) => forkOf(OWN, number));

test('row 31: the marker says so, and a person is told who is at head by now', async () => {
  const world = new World(ours(4, { kind: 'claim' }), ours(5, { pod: 'newest' }));
  world.waits = [nothing];
  await fencedIn(world, 'S1');
  assert.deepEqual([world.calls[0], world.calls[1]], ['marker fenced', 'list']);
  const { by } = world.event('fenced');
  assert.deepEqual(by, { archive: ours(5).name, kind: 'data', writer: OTHER, pod: 'newest' });
});

test('row 31: a container that comes back fenced writes no marker', async () => {
  const world = new World(ours(5));
  world.waits = [nothing];
  await fencedIn(world, 'S1', { state: 'fenced' });
  assert.deepEqual(world.calls, ['list', IDLE, IDLE]);
});

test('row 31: a marker that cannot be written stops no fork', async () => {
  const world = new World(ours(5));
  world.onMarker = () => {
    throw new Error('disk full');
  };
  world.waits = [nothing];
  const { writer } = await fencedIn(world);
  assert.deepEqual([writer.marker.state, world.created[0]?.kind], ['fenced', 'fork']);
});

test('row 32: what is unsaved goes into a fork at once, and what changes into the next', async () => {
  const world = new World(ours(5));
  world.waits = [writes(world, 'S2'), nothing, nothing];
  const { writer } = await fencedIn(world, undefined, { state: 'fenced' });
  const forked = (number: number) => ['list', `create fork ${number}`];
  assert.deepEqual(world.calls, ['list', ...forked(1), IDLE, ...forked(2), IDLE, IDLE, IDLE]);
  const [made] = world.created;
  assert.deepEqual([made?.kind, made?.parent, made?.writer], ['fork', { sequence: 3, id: 'id-3' }, OWN]);
  assert.deepEqual([made?.files, made?.bytes, made?.final], [3, 4_096, false]);
  assert.equal(writer.saved, 'S2');
  assert.deepEqual([world.event('fork.done').archive, world.marker?.last], [forkOf(OWN, 2).name, 3]);
});

test('row 32: the number follows the own highest, and others’ forks stay', async () => {
  const world = new World(ours(5), forkOf(OTHER, 9), ...ownForks(1, 2, 3, 4));
  world.waits = [nothing];
  await fencedIn(world, undefined, { state: 'fenced' });
  assert.deepEqual(world.calls, [
    ...['list', 'list', 'create fork 5', `delete ${forkOf(OWN, 2).name}`, IDLE, IDLE],
  ]);
});

test('row 32: forks that cannot be deleted are no harm', async () => {
  const world = new World(ours(5), ...ownForks(1, 2, 3, 4));
  world.waits = [nothing];
  world.onDelete = () => {
    throw new Error('locked');
  };
  const { writer } = await fencedIn(world);
  assert.deepEqual([writer.saved, world.events.at(-1)], ['S1', 'delete.failed']);
});

test('row 32: a fork whose answer was lost counts where it holds what the volume is', async () => {
  const world = new World(ours(5));
  world.answers = ['ok', 'ok', 'lost'];
  world.waits = [nothing, nothing];
  const { writer } = await fencedIn(world, undefined, { state: 'fenced' });
  assert.deepEqual(world.calls, [
    ...['list', 'list', 'create fork 1', 'back off fork: error', 'list', IDLE, IDLE],
  ]);
  assert.equal(writer.saved, 'S1');
});

test('row 32: and where the volume has changed since, it does not', async () => {
  const world = new World(ours(5));
  world.answers = ['ok', 'ok', 'lost'];
  world.waits = [writes(world, 'S2'), nothing];
  const { writer } = await fencedIn(world, undefined, { state: 'fenced' });
  assert.deepEqual(world.calls.slice(4, 6), ['list', 'create fork 2']);
  assert.equal(writer.saved, 'S2');
});

test('row 32: while a fork is not known to be made nothing is saved, also where the volume is as before', async () => {
  const world = new World(ours(5));
  world.answers = ['ok', 'ok', 'locked'];
  world.waits = [writes(world, 'S2'), writes(world, 'S1'), nothing];
  await fencedIn(world, 'S1', { state: 'fenced' });
  assert.deepEqual(world.calls.slice(2, 6), [...['list', 'create fork 1', 'back off fork: locked', 'list']]);
  assert.equal(world.created.length, 2);
});

for (const answer of ['locked', 'error'] as const) {
  test(`row 32: a fork that is ${answer} is tried again from the list`, async () => {
    const world = new World(ours(5));
    world.answers = ['ok', 'ok', answer];
    world.waits = [nothing, nothing];
    await fencedIn(world, undefined, { state: 'fenced' });
    const again = [`back off fork: ${answer}`, 'list', 'create fork 1', IDLE, IDLE];
    assert.deepEqual(world.calls, ['list', 'list', 'create fork 1', ...again]);
  });
}

test('row 32: a fork that is there by the time it is made is tried again from the list', async () => {
  const world = new World(ours(5));
  const faster = () => {
    world.archives.push(...ownForks(1));
    return 'ok' as const;
  };
  world.answers = ['ok', 'ok', faster];
  world.waits = [nothing, nothing];
  await fencedIn(world, undefined, { state: 'fenced' });
  assert.match(world.calls[3] ?? '', /^back off fork: The archive grafana\.fork-a{16}-1 is there/);
  assert.deepEqual(world.calls.slice(4, 6), ['list', 'create fork 2']);
});

test('row 32: a fork that lacks an entry does not count as saved, and is told and waited out', async () => {
  const world = new World(ours(5));
  world.answers = ['ok', 'ok', 'incomplete'];
  world.waits = [nothing, nothing];
  const { writer } = await fencedIn(world, undefined, { state: 'fenced' });
  const failed = ['list', 'list', 'create fork 1', 'back off fork: one could not be read'];
  assert.deepEqual(world.calls, [...failed, 'list', 'create fork 2', IDLE, IDLE]);
  assert.equal(writer.saved, 'S1');
  const done = world.told.filter(([name]) => name === 'fork.done');
  assert.deepEqual([done.length, world.event('fork.done').archive], [1, forkOf(OWN, 2).name]);
});

test('row 32: nor does one whose answer was lost, too', async () => {
  const world = new World(ours(5));
  world.answers = ['ok', 'ok', 'lost incomplete'];
  world.waits = [nothing, nothing];
  const { writer } = await fencedIn(world, undefined, { state: 'fenced' });
  assert.deepEqual(
    world.created.map(({ seq }) => seq),
    [1, 2],
  );
  assert.equal(writer.saved, 'S1');
});

test('row 32: at prestop and at SIGTERM what changed is saved again', async () => {
  const world = new World(ours(5));
  world.waits = [
    () => {
      world.set({ digest: 'S2' });
      world.prestop();
    },
    () => {
      world.set({ digest: 'S3' });
      world.sigterm();
    },
  ];
  const { phase } = await fencedIn(world, undefined, { state: 'fenced' });
  assert.deepEqual(
    world.created.map(({ seq, closing, final }) => [seq, closing, final]),
    [
      [1, false, false],
      [2, true, false],
      [3, true, true],
    ],
  );
  assert.equal(phase, 'ended');
});

test('row 32: what is unsaved at the deadline does not end well', async () => {
  const world = new World(ours(5));
  world.sigterm();
  world.answers = ['ok', 'ok', 'locked'];
  assert.equal((await fencedIn(world)).phase, 'cut off');
});

test('row 32a: with nothing unsaved SIGTERM is the end, without a close', async () => {
  const world = new World(ours(5));
  world.waits = [world.sigterm];
  const { phase } = await fencedIn(world, 'S1', { state: 'fenced' });
  assert.deepEqual([phase, world.created, world.calls], ['ended', [], ['list', IDLE]]);
});

test('row 32a: also where nobody can say who has taken over', async () => {
  const world = new World(ours(5));
  world.answers = ['error'];
  world.waits = [world.sigterm];
  assert.equal((await fencedIn(world, 'S1')).phase, 'ended');
});

test('row 31: from here on nothing but forks is created or deleted', async () => {
  const world = new World(ours(1, { kind: 'claim' }), ours(3, { writer: OWN }), ours(5));
  world.waits = [writes(world, 'S2'), writes(world, 'S3'), world.prestop, world.sigterm];
  await fencedIn(world);
  assert.deepEqual([...new Set(world.created.map(({ kind }) => kind))], ['fork']);
  assert.ok(!world.calls.some((call) => call.startsWith('delete')));
});
