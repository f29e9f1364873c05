import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Marker } from '../../../../sidecar/src/lineage/marker.ts';
import type { Look } from '../../../../sidecar/src/lineage/ports.ts';
import {
  chooseGuard,
  chooseNeed,
  chooseTry,
  chooseUnclaimed,
  guardOf,
  heldAbove,
  isHead,
  mayArchive,
  resync,
  saidBy,
  savedAfterRestart,
  savedWhileCreating,
  sayEnding,
  sizeOf,
  whoseName,
} from '../../../../sidecar/src/lineage/rows/live.ts';
import { comment } from '../../../support/comment.ts';
import { forkOf, liveMarker, OTHER, OWN, orderOf, ours, THIRD, theirs } from '../../../support/lineage.ts';

const endings = [
  { prestop: false, sigterm: false },
  { prestop: true, sigterm: false },
  { prestop: true, sigterm: true },
  { prestop: false, sigterm: true },
] as const;
const [RUNS, PRESTOP, SIGTERM, UNTOLD] = endings;

describe('rows 25 to 29', () => {
  test('row 25: what is unsaved is saved, whatever has been said or told', () => {
    for (const ending of endings) {
      for (const said of [0, 1, 2] as const) {
        assert.equal(chooseNeed(true, ending, said), 'data');
      }
    }
  });

  for (const [name, ending, needs] of [
    ['row 25: nothing unsaved needs nothing', RUNS, ['nothing', 'nothing', 'nothing']],
    ['row 25a: after prestop the end is said once', PRESTOP, ['close', 'nothing', 'nothing']],
    ['row 29: after SIGTERM the end is said as final', SIGTERM, ['close', 'close', 'end']],
    ['row 29: also where prestop never came', UNTOLD, ['close', 'close', 'end']],
  ] as const) {
    test(name, () => {
      assert.deepEqual(
        ([0, 1, 2] as const).map((said) => chooseNeed(false, ending, said)),
        needs,
      );
    });
  }

  test('row 25: closing is prestop or SIGTERM, and only SIGTERM is final', () => {
    assert.deepEqual(endings.map(sayEnding), [
      { closing: false, final: false },
      { closing: true, final: false },
      { closing: true, final: true },
      { closing: true, final: true },
    ]);
  });

  test('row 26e: what an archive has said is closing + final', () => {
    assert.deepEqual(
      endings.map((ending) => saidBy(sayEnding(ending))),
      [0, 1, 2, 2],
    );
  });

  test('row 25: nothing is saved while a create is not confirmed', () => {
    assert.equal(savedWhileCreating('S1'), undefined);
  });

  test('row 25: each create is a new try', () => {
    let made = 0;
    const newId = () => {
      made += 1;
      return String(made);
    };
    assert.deepEqual([chooseTry(newId), chooseTry(newId)], ['1', '2']);
  });

  for (const [found, may] of [
    ['same', true],
    ['unmarked', true],
    ['gone', false],
  ] as const) {
    test(`row 25: a volume that is ${found} is ${may ? '' : 'not '}saved`, () =>
      assert.equal(mayArchive(found), may));
  }
});

describe('guard', () => {
  const before = { files: 10, bytes: 1_000 };
  const guard = (look: Partial<Look>, change: Partial<Marker> = {}, shrinkGuard = 0.5) =>
    chooseGuard(
      liveMarker({ baseSize: before, ...change }),
      { digest: 'S1', unreadable: [], tookMs: 0, ...before, ...look },
      shrinkGuard,
    );

  for (const [name, look, expected] of [
    ['a volume that stays as it is', {}, '-'],
    ['one that grows', { files: 99, bytes: 99_999 }, '-'],
    ['one that loses exactly what it may', { files: 5, bytes: 500 }, '-'],
    ['one that loses more bytes', { bytes: 499 }, '3'],
    ['one that loses more files', { files: 4 }, '3'],
    ['one that grows in bytes and loses files', { files: 4, bytes: 9_000 }, '3'],
    ['one that is empty', { files: 0, bytes: 0 }, '3'],
    ['one with an entry that cannot be read', { unreadable: ['secret'] }, '3'],
  ] as const) {
    test(`row 25: ${name} has the guard ${expected}`, () => assert.equal(guard(look), expected));
  }

  test('row 25: a guard stays until a person takes it away', () => {
    assert.equal(guard({}, { guard: '2' }), '2');
    assert.equal(guard({ files: 0, unreadable: ['secret'] }, { guard: '2' }), '2');
  });

  test('row 25: what a person accepts is guarded no more, nor later against the same entries', () => {
    const lacking: Look = { digest: 'S1', unreadable: ['secret'], tookMs: 0, files: 1, bytes: 1 };
    assert.equal(chooseGuard(liveMarker({ baseSize: before, guard: '2' }), lacking, 0.5, true), '-');
    const { guard: accepted, accepted: entries } = guardOf({ guard: '-', lacks: ['secret'] });
    assert.deepEqual([accepted, entries], ['-', ['secret']]);
    assert.equal(guard({ unreadable: ['secret'] }, { accepted: entries }), '-');
    assert.equal(guard({ unreadable: ['secret', 'other'] }, { accepted: entries }), '3');
    assert.deepEqual(guardOf({ guard: '2', lacks: ['secret'] }).accepted, [], 'guarded is not accepted');
  });

  test('row 25: where the size of the base is not known only unreadable entries set a guard', () => {
    assert.equal(guard({ files: 0, bytes: 0 }, { baseSize: undefined }), '-');
    assert.equal(guard({ unreadable: ['secret'] }, { baseSize: undefined }), '3');
  });

  test('row 25: from nothing nothing can be lost', () => {
    assert.equal(guard({ files: 0, bytes: 0 }, { baseSize: { files: 0, bytes: 0 } }), '-');
  });

  test('row 25: SHRINK_GUARD at its ends', () => {
    assert.equal(guard({ files: 9 }, {}, 0), '3');
    assert.equal(guard({}, {}, 0), '-');
    assert.equal(guard({ files: 0, bytes: 0 }, {}, 1), '-');
  });

  test('row 25: the size of an archive is what its comment says', () => {
    assert.deepEqual(sizeOf(comment({ files: 4, bytes: 5 })), { files: 4, bytes: 5 });
  });
});

describe('names and heads', () => {
  const entryOf = (writer: string) => orderOf(ours(4, { writer })).head;
  for (const [name, entry, whose] of [
    ['row 26a: a name on an own archive is one’s own', entryOf(OWN), 'own'],
    ['row 26b: a name on an archive that is not ours is foreign', undefined, 'foreign'],
    ["row 26c: a name on another writer's archive is another's", entryOf(OTHER), 'other'],
  ] as const) {
    test(name, () => assert.equal(whoseName(entry, OWN), whose));
  }

  test('row 27: a save is the head by its try, neither by its number nor by its writer', () => {
    const order = orderOf(ours(3, { try: 'first' }), ours(4, { writer: OWN, try: 'second' }));
    assert.deepEqual(
      ['first', 'second', 'third'].map((tried) => isHead(order, tried)),
      [false, true, false],
    );
    assert.equal(isHead(orderOf(), 'first'), false);
  });
});

describe('resync', () => {
  const marker = liveMarker();

  test('row 23a: a head by another writer fences', () => {
    for (const kind of ['data', 'claim', 'close'] as const) {
      assert.equal(resync(orderOf(ours(3, { writer: OWN }), ours(4, { kind })), marker), 'fenced');
    }
  });

  for (const kind of ['data', 'claim', 'close'] as const) {
    test(`row 23a: an own ${kind} at head is the last, and the own newest data the base`, () => {
      const size = { files: 7, bytes: 70 };
      const archives = [
        ours(4, { writer: OWN, guard: '2', ...size }),
        ours(6, { writer: OWN, kind, ...size }),
      ];
      const expected = kind === 'data' ? { base: { sequence: 6, id: 'id-6' }, guard: '-' } : undefined;
      assert.deepEqual(resync(orderOf(...archives), marker), {
        ...{ ...marker, last: 6, base: { sequence: 4, id: 'id-4' }, guard: '2', baseSize: size },
        ...expected,
      });
    });
  }

  test('row 23a: without own data base and guard stay the marker’s', () => {
    const unsaved = liveMarker({ last: 4, base: { sequence: 2, id: 'id-2' }, guard: '1' });
    assert.deepEqual(resync(orderOf(ours(2), ours(5, { writer: OWN, kind: 'claim' })), unsaved), {
      ...unsaved,
      last: 5,
    });
  });

  test('row 23a: where nothing of ours is there the marker is what is known', () => {
    assert.deepEqual(resync(orderOf(theirs('x'), forkOf(OTHER, 1)), marker), marker);
  });

  test('row 23a: after a restart nothing counts as saved', () =>
    assert.equal(savedAfterRestart(), undefined));
});

describe('unclaimed', () => {
  const marker = liveMarker({ claimed: false, last: 3, known: [THIRD] });
  const below = [ours(2, { writer: THIRD }), ours(3, { writer: OTHER })];
  const kinds = [
    ['data', { kind: 'data' }],
    ['late data', { kind: 'data', late: true }],
    ['claim', { kind: 'claim' }],
    ['late claim', { kind: 'claim', late: true }],
    ['close', { kind: 'close' }],
  ] as const;
  // What an archive of each of the kinds above, with the number 4, means.
  for (const [row, whose, writer, expected] of [
    ['24a', 'a writer that was not known', OTHER, ['fenced', 'fenced', 'fenced', 'claim', 'claim']],
    ['24c', 'a writer that was known', THIRD, ['claim', 'claim', 'fenced', 'claim', 'claim']],
    ['24b', 'the own writer', OWN, ['claimed', 'claimed', 'claimed', 'claimed', 'claimed']],
  ] as const) {
    for (const [at, [name, change]] of kinds.entries()) {
      test(`row ${row}: a ${name} by ${whose} above the start's number`, () => {
        const order = orderOf(...below, ours(4, { ...change, writer }));
        assert.equal(chooseUnclaimed(order, marker), expected[at]);
      });
    }
  }

  test('row 24a: what is not above the start’s number fences nobody, whoever made it', () => {
    assert.equal(chooseUnclaimed(orderOf(...below), marker), 'claim');
  });

  test('row 24a: newer data fences also where it is not the head', () => {
    const order = orderOf(...below, ours(4), ours(5, { writer: OWN, kind: 'claim', late: true }));
    assert.equal(chooseUnclaimed(order, marker), 'fenced');
  });

  test('row 24b: an own archive that is not the head claims nothing', () => {
    const order = orderOf(...below, ours(4, { writer: OWN }), ours(5, { writer: THIRD }));
    assert.equal(chooseUnclaimed(order, marker), 'claim');
  });

  test('row 24a: foreign archives, forks and an empty repository fence nobody', () => {
    assert.equal(chooseUnclaimed(orderOf(theirs('grafana-0000000009'), forkOf(OTHER, 9)), marker), 'claim');
    assert.equal(chooseUnclaimed(orderOf(), marker), 'claim');
  });

  test('row 24a: data of a writer that was known, and has claimed anew since, fences', () => {
    const data = (claim: number) =>
      chooseUnclaimed(orderOf(...below, ours(5, { writer: THIRD, claim })), marker);
    assert.deepEqual([data(3), data(4)], ['claim', 'fenced']);
  });

  test('row 24c: data by others above the start’s number is held', () => {
    const order = orderOf(
      ...[...below, ours(4, { writer: THIRD }), ours(5, { kind: 'claim' })],
      ...[ours(6, { writer: OWN }), ours(7)],
    );
    assert.deepEqual(heldAbove(order, marker), [ours(4).name, ours(7).name]);
    assert.deepEqual(heldAbove(orderOf(...below), marker), []);
  });
});
