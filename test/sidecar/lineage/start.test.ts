// long: rows 1 to 22 of one table, and the world that they share
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newMarker } from '../../../sidecar/src/lineage/marker.ts';
import type { ListedArchive } from '../../../sidecar/src/lineage/order.ts';
import type { Rules } from '../../../sidecar/src/lineage/ports.ts';
import { type Started, start } from '../../../sidecar/src/lineage/start.ts';
import { End, forkOf, liveMarker, OTHER, OWN, ours, theirs, World } from '../../support/lineage.ts';

/** A repository that an older writer has left in order: nothing to wait for. */
const left = (...before: number[]) => [...before.map((seq) => ours(seq)), ours(5, { final: true })];
const UNBASED = { base: { sequence: 0, id: '-' }, baseSize: undefined, chunker: undefined };
const restoring = { ...newMarker(OWN, { sequence: 0, id: '-' }), repo: 'repo' };

function breaks(): never {
  throw new Error('broken');
}

/** A volume that has files and no marker. */
function adopting(...archives: ListedArchive[]): World {
  const world = new World(...archives);
  world.found = { empty: false, marker: undefined, record: undefined };
  return world;
}

async function startIn(world: World, rules: Partial<Rules> = {}): Promise<Started> {
  world.rules = { ...world.rules, ...rules };
  return await start(world.parts);
}

async function refusedIn(world: World, rules: Partial<Rules>, reason: string): Promise<void> {
  await assert.rejects(startIn(world, rules), { name: 'Refusal', reason });
}

const RESTORED = ['list', 'create claim 6', 'list', 'extract 5', 'settle', 'marker live', 'gate'];

describe('boot', () => {
  test('row 1: an empty volume gets a marker, is restored, and the gate opens last', async () => {
    const world = new World(ours(4, { kind: 'claim' }), ...left());
    const { writer, phase } = await startIn(world);
    assert.deepEqual(world.calls, ['marker restoring', ...RESTORED]);
    // Row 21a: that claim has done its work.
    assert.deepEqual([phase, writer.done], ['live', [ours(4).name]]);
    assert.deepEqual(world.events, ['writer', 'claimed']);
    assert.deepEqual(world.marker, {
      ...liveMarker({
        writer: '0'.repeat(15).concat('1'),
        claim: 6,
        last: 6,
        base: { sequence: 5, id: 'id-5' },
      }),
    });
    assert.equal(writer.marker.writer, world.event('writer').writer);
  });

  test('row 1: an empty repository gives an empty volume', async () => {
    const world = new World();
    const { phase } = await startIn(world);
    assert.equal(phase, 'live');
    assert.deepEqual(world.calls.slice(2, 5), ['create claim 1', 'list', 'extract nothing']);
    assert.deepEqual(world.marker, { ...world.marker, last: 1, ...UNBASED });
  });

  test('row 1: the predecessor’s newest is restored, and is nobody’s parent', async () => {
    const world = new World(theirs('1700000000'), theirs('1700000000-exit'));
    await startIn(world);
    assert.ok(world.calls.includes('extract 1700000000-exit'));
    assert.deepEqual([world.marker?.base.sequence, world.marker?.legacy], [0, 1_700_000_000]);
    assert.equal(world.created[0]?.legacy, 1_700_000_000);
  });

  test('row 2: a live volume that is empty is neither restored nor saved', async () => {
    const world = new World(...left());
    world.found = { empty: true, marker: undefined, record: liveMarker() };
    await refusedIn(world, {}, 'volume-vanished');
    assert.deepEqual([world.calls, world.told], [[], []]);
  });

  test('row 3: files of unknown origin are refused', async () => {
    const world = adopting();
    await refusedIn(world, {}, 'volume-not-empty');
    assert.deepEqual(world.calls, []);
  });

  test('row 4: a restore that was cut off begins anew as the same writer', async () => {
    const world = new World(...left(), ours(6, { kind: 'claim', writer: OWN }));
    world.found = { empty: false, marker: restoring, record: undefined };
    const { phase } = await startIn(world);
    assert.deepEqual(world.calls, ['list', 'list', 'extract 5', 'settle', 'marker live', 'gate']);
    assert.deepEqual([phase, world.marker?.writer, world.marker?.last], ['live', OWN, 6]);
  });

  for (const [row, state, claimed, phase] of [
    ['row 6: a live volume', 'live', true, 'resync'],
    ['row 23: a live volume without a claim', 'live', false, 'unclaimed'],
    ['row 7: a fenced volume', 'fenced', true, 'fenced'],
  ] as const) {
    test(`${row} opens its gate at once, asks nobody and counts nothing as saved`, async () => {
      const world = new World(...left());
      const marker = liveMarker({ state, claimed });
      world.found = { empty: false, marker, record: marker };
      const started = await startIn(world);
      assert.deepEqual([started.phase, world.calls, started.writer.saved], [phase, ['gate'], undefined]);
    });
  }

  test('row 6: a live volume without its marker gets it back before its gate opens', async () => {
    const world = new World(...left());
    world.found = { empty: false, marker: undefined, record: liveMarker() };
    const { phase } = await startIn(world);
    assert.deepEqual([phase, world.calls], ['resync', ['marker live', 'gate']]);
    assert.deepEqual([world.events, world.marker], [['writer', 'marker.restored'], liveMarker()]);
  });

  test('row 6: a marker that cannot be put back keeps no gate shut', async () => {
    const world = new World(...left());
    world.found = { empty: false, marker: undefined, record: liveMarker() };
    world.onMarker = breaks;
    const { phase } = await startIn(world);
    assert.deepEqual(
      [phase, world.calls, world.events.at(-1)],
      [...['resync', ['marker live', 'gate'], 'marker.failed']],
    );
  });
});

describe('adopt', () => {
  const adopt = { onNonemptyVolume: 'adopt' } as const;
  test('row 3: files to adopt are claimed and nothing is extracted or counts as saved', async () => {
    const world = adopting(ours(1, { kind: 'claim' }));
    const { writer, phase } = await startIn(world, adopt);
    assert.deepEqual(world.calls, ['list', 'create claim 2', 'list', 'settle', 'marker live', 'gate']);
    assert.deepEqual([phase, writer.saved], ['live', undefined]);
    assert.deepEqual(world.marker, {
      ...liveMarker({ writer: writer.marker.writer, claim: 2, last: 2 }),
      ...UNBASED,
    });
  });

  test('row 3: files beside data are refused, also beside the predecessor’s', async () => {
    for (const archive of [ours(1), theirs('1700000000')]) {
      const world = adopting(archive);
      await refusedIn(world, adopt, 'volume-not-empty');
      assert.deepEqual(world.calls, ['list']);
    }
  });

  test('row 3: where the claim is lost it begins anew, and finds the data', async () => {
    const world = adopting();
    const overtake = () => {
      world.archives.push(ours(1));
      return 'ok' as const;
    };
    world.answers = ['ok', overtake];
    await refusedIn(world, adopt, 'volume-not-empty');
    assert.deepEqual(world.calls, ['list', 'create claim 1', 'list', 'list']);
  });

  test('row 3: a lock is waited for however long it takes: files are there already', async () => {
    const world = adopting();
    world.answers = ['locked', 'locked'];
    const late = () => {
      world.nowMs += world.rules.lockTimeoutMs;
    };
    world.waits = [late, late];
    assert.equal((await startIn(world, adopt)).phase, 'live');
    assert.equal(world.calls.includes('list past the lock'), false);
  });

  test('row 3: a claim that a full disk is against is told and waited out, and nothing is extracted', async () => {
    const world = adopting();
    world.answers = ['ok', 'full'];
    world.waits = [() => {}];
    assert.equal((await startIn(world, adopt)).phase, 'live');
    const failed = ['list', 'create claim 1', 'back off start: full'];
    assert.deepEqual(world.calls, [
      ...[...failed, 'list', 'create claim 1', 'list', 'settle', 'marker live', 'gate'],
    ]);
  });
});

describe('restore', () => {
  test('row 8: SIGTERM before the gate writes nothing and opens nothing', async () => {
    const world = new World(...left());
    world.answers = ['error'];
    await assert.rejects(startIn(world), End);
    assert.deepEqual(world.calls, ['marker restoring', 'list', 'back off start: error']);
  });

  test('row 9: a list that fails is tried again, and is never empty', async () => {
    const world = new World(...left());
    world.answers = ['error', 'error'];
    world.waits = [() => {}, () => {}];
    await startIn(world);
    const failing = ['list', 'back off start: error', 'list', 'back off start: error'];
    assert.deepEqual(world.calls, ['marker restoring', ...failing, ...RESTORED]);
  });

  for (const [why, archives, rules, reason] of [
    ['the last number', [theirs('grafana-9999999999'), ours(1)], {}, 'numbers-used-up'],
    ['foreign archives alone', [theirs('x')], {}, 'foreign-archives'],
    ['two lines', [theirs('1700000000'), ours(1)], {}, 'two-lines'],
    ['an empty repository, where that is wrong', [], { onEmptyRepository: 'fail' }, 'empty-repository'],
  ] as const) {
    test(`row 11: ${why} needs a person, and nothing is created or extracted`, async () => {
      const world = new World(...archives);
      await refusedIn(world, rules, reason);
      assert.deepEqual(world.calls, ['marker restoring', 'list']);
    });
  }

  test('row 13: a request for what is not there needs a person', async () => {
    const world = new World(...left());
    const request = { hash: 'f'.repeat(16), wanted: { archive: 'x' }, text: 'RESTORE_ARCHIVE=x' };
    await refusedIn(world, { request }, 'archive-missing');
    assert.deepEqual(world.calls, ['marker restoring', 'list']);
  });

  test('row 17: an extraction that fails takes the claim with it and begins anew', async () => {
    const world = new World(...left());
    world.extracts = [breaks];
    world.waits = [() => {}];
    await startIn(world);
    const failed = ['list', 'create claim 6', 'list', 'extract 5', 'back off start: broken'];
    // The stray claim is used again.
    const again = ['list', 'list', 'extract 5', 'settle', 'marker live', 'gate'];
    assert.deepEqual(world.calls, ['marker restoring', ...failed, ...again]);
  });

  test('row 18: a claim that is lost ends the extraction, and its stray claim stays', async () => {
    const world = new World(...left());
    world.extracts = ['hangs'];
    const overtake = () => {
      world.archives.push(ours(7, { final: true }));
      return 'ok' as const;
    };
    world.answers = ['ok', 'ok', overtake];
    await startIn(world);
    const lost = ['list', 'create claim 6', 'list', 'extract 5'];
    const again = ['list', 'create claim 8', 'list', 'extract 7', 'settle', 'marker live', 'gate'];
    assert.deepEqual(world.calls, ['marker restoring', ...lost, ...again]);
    assert.ok(world.archives.some(({ name }) => name === ours(6).name));
  });

  test('row 18: an extraction that fails ends the list that would confirm the claim', async () => {
    const world = new World(...left());
    world.extracts = [breaks];
    world.answers = ['ok', 'ok', 'hangs'];
    world.waits = [() => {}];
    assert.equal((await startIn(world)).phase, 'live');
    assert.deepEqual(world.calls.slice(1, 6), [
      ...['list', 'create claim 6', 'list', 'extract 5', 'back off start: broken'],
    ]);
  });

  test('row 20: the marker has the claim as last, the newest as base, and inherits from it', async () => {
    const restore = 'e'.repeat(16);
    const world = new World(ours(5, { final: true, restore, guard: '4', chunker: 'x', files: 8, bytes: 9 }));
    await startIn(world);
    const { last, base, baseSize, chunker, ...marker } = world.marker ?? liveMarker();
    assert.deepEqual([last, base, baseSize], [6, { sequence: 5, id: 'id-5' }, { files: 8, bytes: 9 }]);
    assert.deepEqual([marker.restore, marker.guard, marker.legacy, chunker], [restore, '4', 0, 'x']);
  });

  test('row 21: what is saved is what was there before the gate opened', async () => {
    const world = new World(...left());
    world.onGate = () => world.set({ digest: 'the application writes' });
    const { writer } = await startIn(world);
    assert.deepEqual([writer.saved, writer.marker.claimed, writer.marker.state], ['S1', true, 'live']);
  });
});

describe('requests', () => {
  const hash = 'f'.repeat(16);
  const asking = (archive: string) => ({ request: { hash, wanted: { archive }, text: archive } });
  const RECORDED = ['create claim 6', 'list', 'extract 2', 'settle', 'create data 7', 'list'];

  test('row 19: what was asked for is the newest before the gate opens, and is known as done', async () => {
    const world = new World(...left(2));
    await startIn(world, asking(ours(2).name));
    assert.deepEqual(world.calls, ['marker restoring', 'list', ...RECORDED, 'marker live', 'gate']);
    const { kind, restore, parent } = world.created[1] ?? {};
    assert.deepEqual([kind, restore, parent], ['data', hash, { sequence: 5, id: 'id-5' }]);
    const { last, base, restore: done } = world.marker ?? liveMarker();
    assert.deepEqual([last, base.sequence, done], [7, 7, hash]);
    assert.deepEqual(world.event('requested'), { archive: ours(7).name, restored: ours(2).name });
    assert.equal(world.created[0]?.restore, '-', 'the claim does not say so yet');
  });

  for (const [why, answer, between, last] of [
    ['an archive that lacks entries', 'incomplete', ['back off start: one could not be read'], 8],
    ['an answer that is lost', 'lost', ['back off start: error', 'create data 7', 'list'], 8],
    ['a lock', 'locked', ['back off start: locked'], 7],
  ] as const) {
    test(`row 19: ${why} is no record of what was asked for, and another one is made`, async () => {
      const world = new World(...left(2));
      world.answers = ['ok', 'ok', 'ok', answer];
      world.waits = [() => {}];
      await startIn(world, asking(ours(2).name));
      const remembered = answer === 'lost' ? ['marker restoring'] : [];
      const recorded = [...between, ...remembered, `create data ${last}`, 'list', 'marker live', 'gate'];
      assert.deepEqual(world.calls.slice(7), recorded);
      const { comment, id } = world.archives.at(-1) ?? theirs('');
      assert.match(comment, new RegExp(`seq=${last} .*restore=${hash}`));
      assert.deepEqual([world.marker?.restore, world.marker?.base], [hash, { sequence: last, id }]);
      assert.equal(world.event('requested').archive, ours(last).name);
    });
  }

  test('row 19: a record that lacks entries is the parent of the next one, so that nothing is held', async () => {
    const world = new World(...left(2));
    world.answers = [
      'ok',
      'ok',
      'ok',
      () => {
        world.set({ unreadable: ['locked.db'] });
        return 'incomplete';
      },
    ];
    world.waits = [() => {}];
    await startIn(world, asking(ours(2).name));
    const [first, second] = world.created.slice(1);
    assert.deepEqual([second?.parent.sequence, second?.partial, second?.guard], [7, true, '7']);
    assert.deepEqual([first?.partial, first?.guard], [false, '-']);
    assert.deepEqual(world.event('guarded').archive, ours(8).name);
  });

  test('row 19: a loss that was asked for is no guard', async () => {
    const world = new World(...left(2));
    world.set({ files: 1, bytes: 1 });
    await startIn(world, asking(ours(2).name));
    assert.equal(world.created[1]?.guard, '-');
  });

  test('row 19: a number that somebody else’s archive has taken is passed over', async () => {
    const world = new World(...left(2));
    world.answers = [
      'ok',
      'ok',
      'ok',
      () => {
        world.archives.push(theirs(ours(7).name));
        return undefined;
      },
    ];
    await startIn(world, asking(ours(2).name));
    assert.deepEqual([world.event('number.taken').archive, world.marker?.last], [ours(7).name, 8]);
  });

  test('row 19: a name that is taken and not listed is waited out', async () => {
    const world = new World(...left(2));
    const hidden = ours(7);
    const hide = () => {
      world.archives = world.archives.filter((archive) => archive !== hidden);
      return undefined;
    };
    world.answers = ['ok', 'ok', 'ok', () => void world.archives.push(hidden), hide];
    world.waits = [() => {}];
    await startIn(world, asking(ours(2).name));
    assert.match(world.calls.find((call) => call.startsWith('back off')) ?? '', /grafana-0000000007/);
    assert.equal(world.calls.filter((call) => call.startsWith('extract')).length, 1);
    assert.equal(world.marker?.last, 7);
  });

  test('row 19: a number that another writer has taken begins the start anew', async () => {
    const world = new World(...left(2));
    world.answers = ['ok', 'ok', 'ok', () => void world.archives.push(ours(7, { final: true }))];
    await startIn(world, asking(ours(2).name));
    assert.deepEqual(world.calls.slice(6, 11), ['create data 7', 'list', 'list', 'create claim 8', 'list']);
    assert.deepEqual([world.marker?.last, world.marker?.restore], [9, hash]);
  });

  test('row 19: a record that another writer overtook begins anew', async () => {
    const world = new World(...left(2));
    const overtake = () => {
      world.archives.push(ours(8, { final: true, writer: OTHER }));
      return 'ok' as const;
    };
    world.answers = ['ok', 'ok', 'ok', 'ok', overtake];
    await startIn(world, asking(ours(2).name));
    assert.deepEqual([world.marker?.last, world.marker?.base.sequence], [10, 10]);
  });

  test('row 19: a fork and the predecessor’s are recorded too', async () => {
    for (const archive of [forkOf(OTHER, 1), theirs('1700000000')]) {
      const world = new World(archive, ...left());
      await startIn(world, asking(archive.name));
      assert.ok(world.calls.includes(`extract ${archive.name}`));
      assert.deepEqual([world.marker?.base.sequence, world.marker?.restore], [7, hash]);
    }
  });

  test('row 19: a request for what is the newest anyway is known as done all the same', async () => {
    const world = new World(...left(2));
    await startIn(world, asking(ours(5).name));
    const recorded = ['create claim 6', 'list', 'extract 5', 'settle', 'create data 7', 'list'];
    assert.deepEqual(world.calls, ['marker restoring', 'list', ...recorded, 'marker live', 'gate']);
    assert.deepEqual([world.created[1]?.restore, world.marker?.restore], [hash, hash]);
    assert.deepEqual(world.event('requested'), { archive: ours(7).name, restored: ours(5).name });
  });

  test('row 20: a request that is done restores the newest', async () => {
    const world = new World(ours(2), ours(5, { final: true, restore: hash }));
    await startIn(world, asking(ours(2).name));
    assert.deepEqual(world.calls, ['marker restoring', ...RESTORED]);
  });
});
