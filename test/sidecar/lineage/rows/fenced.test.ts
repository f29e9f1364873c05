import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseFork, forksToDelete } from '../../../../sidecar/src/lineage/rows/fenced.ts';
import { forkOf, OTHER, OWN, orderOf, ours } from '../../../support/lineage.ts';

const NOTHING_TRIED = new Map<string, string>();

function ownForks(...numbers: number[]) {
  return numbers.map((number) => forkOf(OWN, number, { try: `try-${number}` }));
}

test('row 32: the first fork is number 1', () => {
  assert.deepEqual(chooseFork(orderOf(ours(5)), OWN, NOTHING_TRIED, 'S1'), { saved: false, number: 1 });
});

test("row 32: the next fork is one above the own highest, whatever others' forks are called", () => {
  const order = orderOf(forkOf(OTHER, 40), ...ownForks(2, 10, 1, 9));
  assert.deepEqual(chooseFork(order, OWN, NOTHING_TRIED, 'S1'), { saved: false, number: 11 });
});

test('row 32: a fork whose number is far above leaves no gap to fill', () => {
  assert.deepEqual(chooseFork(orderOf(...ownForks(1, 7)), OWN, NOTHING_TRIED, 'S1'), {
    ...{ saved: false, number: 8 },
  });
});

test('row 32: a fork whose answer was lost, and that holds what the volume is now, has saved it', () => {
  const tries = new Map([['try-2', 'S2']]);
  assert.deepEqual(chooseFork(orderOf(...ownForks(1, 2)), OWN, tries, 'S2'), { saved: true });
});

for (const [why, tries] of [
  ['holds another state', [['try-2', 'S1']]],
  ['is of a container that is gone', []],
  ['is not the highest', [['try-1', 'S2']]],
] as const) {
  test(`row 32: a fork that ${why} has saved nothing`, () => {
    const order = orderOf(...ownForks(1, 2));
    assert.deepEqual(chooseFork(order, OWN, new Map(tries), 'S2'), { saved: false, number: 3 });
  });
}

test("row 32: another writer's fork never counts as saved", () => {
  const order = orderOf(forkOf(OTHER, 1, { try: 'try-1' }));
  assert.deepEqual(chooseFork(order, OWN, new Map([['try-1', 'S1']]), 'S1'), { saved: false, number: 1 });
});

/** Numbers of the own forks that go once one more is made. */
function deleted(made: number, present = Array.from({ length: made - 1 }, (_, at) => at + 1)): number[] {
  const names = forksToDelete(orderOf(ours(3), forkOf(OTHER, 2), ...ownForks(...present)), OWN, made);
  return names.map((name) => {
    const [, number] = /^grafana\.fork-a{16}-(\d+)$/.exec(name) ?? [];
    return Number(number);
  });
}

for (const [made, gone] of [
  [1, []],
  [2, []],
  [3, []],
  [4, []],
  [5, [2]],
  [6, [2, 3]],
  [12, [2, 3, 4, 5, 6, 7, 8, 9]],
] as const) {
  test(`row 32: with fork ${made} the first and the three newest stay, and of others all`, () => {
    assert.deepEqual(deleted(made), gone);
  });
}

test('row 32: forks that are gone are not deleted again', () => {
  assert.deepEqual(deleted(9, [1, 5, 6, 7, 8]), [5, 6]);
});
