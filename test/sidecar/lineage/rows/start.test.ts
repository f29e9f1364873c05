import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Comment } from '../../../../sidecar/src/lineage/comment.ts';
import { LAST_SEQUENCE } from '../../../../sidecar/src/lineage/names.ts';
import type { ListedArchive } from '../../../../sidecar/src/lineage/order.ts';
import {
  chooseClaim,
  chooseTarget,
  findObstacle,
  inherit,
  isConfirmed,
  isPastLock,
  isRequested,
  isUnchanged,
  mustRecord,
  noteWriter,
  type Request,
  type Seen,
  waitUntil,
} from '../../../../sidecar/src/lineage/rows/start.ts';
import { forkOf, OTHER, OWN, orderOf, ours, THIRD, theirs } from '../../../support/lineage.ts';

const LEGACY = 1_700_000_000;

describe('rows 10 and 11', () => {
  test('row 10: a lock is waited for as long as LOCK_TIMEOUT', () => {
    assert.deepEqual(
      [0, 99, 100, 101].map((ms) => isPastLock(ms, 100)),
      [false, false, true, true],
    );
  });

  const usedUp = { kind: 'numbers-used-up' } as const;
  const old = theirs(String(LEGACY));
  const newer = theirs(`${LEGACY + 1}-exit`);
  const adopted = ours(1, { legacy: LEGACY });
  const claim = ours(1, { kind: 'claim' });
  const obstacles: [name: string, archives: ListedArchive[], found?: ReturnType<typeof findObstacle>][] = [
    ['an empty repository', []],
    ['data', [ours(1)]],
    ['a claim alone', [claim]],
    ["the predecessor's archives", [old]],
    ["the predecessor's, taken over", [old, adopted]],
    ['data beside a foreign archive', [theirs('x'), ours(1)]],
    ["the predecessor's beside a foreign archive", [theirs('x'), old]],
    ['the last but one number', [ours(LAST_SEQUENCE - 1)]],
    ['the last number', [ours(LAST_SEQUENCE)], usedUp],
    ['the last number on a foreign archive', [ours(1), theirs('grafana-9999999999')], usedUp],
    ['foreign archives alone', [theirs('x'), theirs('y')], { kind: 'foreign', names: ['x', 'y'] }],
    ['a foreign archive beside a claim', [theirs('x'), claim], { kind: 'foreign', names: ['x'] }],
    ["a newer one of the predecessor's", [newer, adopted], { kind: 'legacy', epoch: LEGACY + 1 }],
    ["the predecessor's where none was known", [old, ours(1)], { kind: 'legacy', epoch: LEGACY }],
  ];
  for (const [name, archives, found] of obstacles) {
    test(`row 11: ${name} ${found ? 'needs a person' : 'is no obstacle'}`, () =>
      assert.deepEqual(
        findObstacle(orderOf(...archives), { request: false, onEmptyRepository: 'start' }),
        found,
      ));
  }

  test('row 11: a request chooses between two lines', () => {
    assert.equal(
      findObstacle(orderOf(newer, adopted), { request: true, onEmptyRepository: 'fail' }),
      undefined,
    );
  });

  test('row 11: where nothing can be restored ON_EMPTY_REPOSITORY decides', () => {
    const empty = (...archives: ListedArchive[]) =>
      findObstacle(orderOf(...archives), { request: false, onEmptyRepository: 'fail' });
    assert.deepEqual([empty(), empty(claim)], [{ kind: 'empty' }, { kind: 'empty' }]);
    assert.deepEqual([empty(ours(1)), empty(theirs('5'))], [undefined, undefined]);
  });
});

describe('row 12', () => {
  const rules = { handoverTimeoutMs: 30, closingTimeoutMs: 90 };

  /** Until when a start waits that sees a head at each of these times, by `B` where nobody else is named. */
  function wait(heads: string, { own = OWN, given = rules } = {}) {
    const seen = new Map<string, Seen>();
    return heads.split(', ').map((head, at) => {
      const [atMs = 0, ...words] = head.split(' ').map((word) => Number(word) || word);
      const writer = words.includes('by-C') ? THIRD : OTHER;
      const closing = words.includes('closing') || words.includes('final');
      const kind = (['claim', 'close'] as const).find((each) => words.includes(each)) ?? 'data';
      const order = orderOf(ours(at + 1, { writer, closing, kind, final: words.includes('final') }));
      noteWriter(order, seen, Number(atMs));
      return waitUntil(order, seen, own, Number(atMs), given);
    });
  }

  for (const [why, heads, expected] of [
    ["another writer's data is waited for, unless final", '100, 100 final', [130, undefined]],
    ["another writer's claim is waited for", '100 claim', [130]],
    ["another writer's close is waited for, unless final", '9 close closing, 9 close final', [99, undefined]],
    ['the next archives do not begin the time anew', '100, 110, 129, 130, 500', [130, 130, 130]],
    ['who is closing has the longer time, from then on', '100, 120 closing, 209 closing', [130, 210, 210]],
    ['the longer time ends', '100, 120 closing, 210 closing', [130, 210]],
    ['closing again does not begin it anew', '1 closing, 50 closing, 90 closing, 91 closing', [91, 91, 91]],
    ['it also follows a shorter one that is over', '100, 140, 150 closing', [130, undefined, 240]],
    ['each writer has its own, and keeps it', '100, 110 by-C, 120, 135 by-C', [130, 140, 130, 140]],
  ] as const) {
    test(`row 12: ${why}`, () => {
      const found = wait(heads);
      assert.deepEqual(
        found,
        found.map((_, at) => expected[at]),
      );
    });
  }

  test('row 12: an own head, a legacy archive and no head are not waited for', () => {
    assert.deepEqual(wait('100, 101 closing', { own: OTHER }), [undefined, undefined]);
    for (const archives of [[], [theirs('5')], [theirs('x'), forkOf(OTHER, 1)]]) {
      const seen = new Map<string, Seen>();
      noteWriter(orderOf(...archives), seen, 100);
      assert.equal(waitUntil(orderOf(...archives), seen, OWN, 100, rules), undefined);
      assert.equal(seen.size, 0);
    }
  });

  test('row 12: without HANDOVER_TIMEOUT there is no wait of either kind', () => {
    const given = { handoverTimeoutMs: 0, closingTimeoutMs: 90 };
    assert.deepEqual(wait('100, 101 closing', { given }), [undefined, undefined]);
  });
});

describe('row 13', () => {
  const request = (wanted: Request['wanted']): Request => ({ hash: 'f'.repeat(16), wanted, text: 'RESTORE' });
  const named = (archive: string) => request({ archive });
  const archives = [theirs('5', '', 500), theirs('6', '', 600), ours(1), ours(2), ours(3), forkOf(OTHER, 1)];
  const target = (given: Request | undefined, ...listed: ListedArchive[]) => {
    const found = chooseTarget(orderOf(...listed), given);
    return found && [found.archive?.archive.name, found.requested];
  };

  test('row 13: without a request the newest is the target, or nothing', () => {
    assert.deepEqual(target(undefined, ...archives), [ours(3).name, false]);
    assert.deepEqual(target(undefined, theirs('5'), theirs('6')), ['6', false]);
    assert.deepEqual(target(undefined, ours(1, { kind: 'claim' })), [undefined, false]);
  });

  for (const [kind, name] of [
    ['data', ours(2).name],
    ['fork', forkOf(OTHER, 1).name],
    ['legacy', '5'],
  ] as const) {
    test(`row 13: RESTORE_ARCHIVE may ask for ${kind}`, () =>
      assert.deepEqual(target(named(name), ...archives), [name, true]));
  }

  for (const [what, name] of [
    ['a claim', ours(4).name],
    ['a foreign archive', 'x'],
    ['an archive that is not there', ours(9).name],
    ['the beginning of a name', 'grafana'],
  ] as const) {
    test(`row 13: RESTORE_ARCHIVE cannot ask for ${what}`, () => {
      assert.equal(target(named(name), ...archives, ours(4, { kind: 'claim' }), theirs('x')), undefined);
    });
  }

  for (const [atMs, name] of [
    [2_999, ours(2).name],
    [3_000, ours(3).name],
    [1_000, ours(1).name],
    [999, '6'],
    [599, '5'],
    [499, undefined],
  ] as const) {
    test(`row 13: RESTORE_AT ${atMs} asks for ${name ?? 'nothing that is there'}`, () => {
      const found = target(request({ notAfterMs: atMs }), ...archives);
      // Also where it is the newest: what is not recorded would be done again.
      assert.deepEqual(found, name && [name, true]);
    });
  }

  test('row 13: RESTORE_AT goes by number where clocks disagree, and never takes a fork', () => {
    const young = { ...ours(2), time: 9_000 };
    const late = { ...forkOf(OTHER, 1), time: 3_500 };
    assert.deepEqual(target(request({ notAfterMs: 3_500 }), ours(1), young, ours(3), late), [
      ...[ours(3).name, true],
    ]);
    assert.deepEqual(target(request({ notAfterMs: 2_500 }), ours(1), young, ours(3)), [ours(1).name, true]);
  });

  test('row 13: a request that the newest data records is done, and that of another is not', () => {
    const { hash } = named('x');
    assert.equal(isRequested(orderOf(ours(1, { restore: hash })), named('x')), false);
    assert.equal(isRequested(orderOf(ours(1, { restore: 'e'.repeat(16) })), named('x')), true);
    assert.equal(isRequested(orderOf(ours(1, { restore: hash }), ours(2)), named('x')), true);
    assert.equal(isRequested(orderOf(ours(1), ours(2, { kind: 'claim', restore: hash })), named('x')), true);
    assert.equal(isRequested(orderOf(theirs('5')), named('x')), true);
    assert.equal(isRequested(orderOf(), named('x')), true);
    assert.equal(isRequested(orderOf(), undefined), false);
  });

  test('row 13: a request that is done is not looked for any more', () => {
    const given = named('gone');
    assert.deepEqual(target(given, ours(1, { restore: given.hash })), [ours(1).name, false]);
  });

  test('row 19: a request that is pending has to be recorded, and nothing else', () => {
    assert.equal(mustRecord({ archive: undefined, requested: true }), true);
    assert.equal(mustRecord({ archive: undefined, requested: false }), false);
  });
});

describe('rows 14 to 22', () => {
  const claim = (seq: number, change: Partial<Comment> = {}) =>
    ours(seq, { kind: 'claim', writer: OWN, ...change });

  const named3 = theirs('grafana-0000000003');
  for (const [name, archives, expected] of [
    ['a first claim has the number 1', [], { sequence: 1, won: false }],
    ['a claim is the next number', [ours(1), ours(4)], { sequence: 5, won: false }],
    ['names of others take numbers', [ours(1), theirs('grafana-0000000007')], { sequence: 8, won: false }],
    ['an own claim at the top is used again', [ours(1), claim(2)], { sequence: 2, won: true }],
    ["another's claim is not", [ours(1), claim(2, { writer: OTHER })], { sequence: 3, won: false }],
    ['own data is not', [ours(1), ours(2, { writer: OWN })], { sequence: 3, won: false }],
    ['an own close is not', [ours(1), ours(2, { writer: OWN, kind: 'close' })], { sequence: 3, won: false }],
    ['an own claim below another archive is not', [claim(2), ours(3)], { sequence: 4, won: false }],
    ['an own claim below a foreign name is not', [claim(2), named3], { sequence: 4, won: false }],
  ] as const) {
    test(`row 14: ${name}`, () => assert.deepEqual(chooseClaim(orderOf(...archives), OWN), expected));
  }

  test('row 14: a claim inherits request and guard from the newest data, upkeep from the head, and the highest legacy number', () => {
    const restore = 'e'.repeat(16);
    const upkeep = { added: 7, compacted: 8, checked: 9 };
    const order = orderOf(ours(1, { restore, guard: '1' }), claim(2, { guard: '9', ...upkeep }));
    assert.deepEqual(inherit(order), { restore, guard: '1', legacy: 0, ...upkeep });
    const none = { added: 0, compacted: 0, checked: 0 };
    assert.deepEqual(inherit(orderOf(theirs('5'), ours(1, { legacy: 4 }))).legacy, 5);
    assert.deepEqual(inherit(orderOf(theirs('5'))), { restore: '-', guard: '-', legacy: 5, ...none });
    assert.deepEqual(inherit(orderOf()), { restore: '-', guard: '-', legacy: 0, ...none });
  });

  for (const [name, second, confirmed] of [
    ['at head, above the same data, is confirmed', [ours(1), claim(2)], true],
    ['is confirmed beside a foreign archive that is new', [ours(1), claim(2), theirs('x')], true],
    ['that is not there is lost', [ours(1)], false],
    ["is lost to another's claim of its number", [ours(1), claim(2, { writer: OTHER })], false],
    ['is lost to own data of its number', [ours(1), ours(2, { writer: OWN })], false],
    ['is lost to an own close of its number', [ours(1), claim(2, { kind: 'close' })], false],
    ['is lost to an own claim above it', [ours(1), claim(2), claim(3)], false],
    ['is lost to a newer archive', [ours(1), claim(2), ours(3)], false],
    ['is lost to a newer record', [ours(1), claim(2), ours(3, { kind: 'close' })], false],
    ['is lost where the data is gone', [claim(2)], false],
    ['is lost where the data is another under the same name', [ours(1, {}, 'new'), claim(2)], false],
    ["is lost to the predecessor's new archive", [ours(1), claim(2), theirs('5')], false],
  ] as const) {
    test(`row 16: a claim ${name}`, () => {
      assert.equal(isConfirmed(orderOf(ours(1)), orderOf(...second), OWN, 2), confirmed);
    });
  }

  test('row 16: the first claim of all is confirmed where there still is nothing', () => {
    assert.equal(isConfirmed(orderOf(), orderOf(claim(1)), OWN, 1), true);
    assert.equal(isConfirmed(orderOf(), orderOf(claim(2), ours(1)), OWN, 2), false);
    assert.equal(isConfirmed(orderOf(theirs('5')), orderOf(theirs('5'), claim(1)), OWN, 1), true);
    assert.equal(isConfirmed(orderOf(theirs('5')), orderOf(theirs('5-exit'), claim(1)), OWN, 1), false);
  });

  const before = [ours(1), ours(2), theirs('x')];
  for (const [name, after, unchanged] of [
    ['the same archives in another order', [theirs('x'), ours(2), ours(1)], true],
    ['one more', [...before, ours(3)], false],
    ['one less', before.slice(1), false],
    ['another under the same name', [ours(1), ours(2, {}, 'new'), theirs('x')], false],
    ['names that have been exchanged', [ours(1, {}, 'id-2'), ours(2, {}, 'id-1'), theirs('x')], false],
  ] as const) {
    test(`row 22: ${name} ${unchanged ? 'are no change' : 'is a change'}`, () => {
      assert.equal(isUnchanged(orderOf(...before), orderOf(...after)), unchanged);
    });
  }
});
