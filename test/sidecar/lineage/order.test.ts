import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_PARENT } from '../../../sidecar/src/lineage/comment.ts';
import { lineageName } from '../../../sidecar/src/lineage/names.ts';
import { isSame, type ListedArchive, parentOf, readOrder } from '../../../sidecar/src/lineage/order.ts';
import { comment } from '../../support/comment.ts';
import { forkOf, OTHER, OWN, orderOf, ours, SET, theirs } from '../../support/lineage.ts';
import { pick } from '../../support/noise.ts';

/** All orders that a list can come in, some hundred of them. */
function shuffled<T>(items: readonly T[]): T[][] {
  return Array.from({ length: 100 }, (_, seed) =>
    items
      .map((item, at) => ({ item, key: pick(seed, at, 2 ** 30) }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item),
  );
}

const namesOf = (entries: readonly { archive: ListedArchive }[]) =>
  entries.map(({ archive }) => archive.name);

describe('the order', () => {
  test('an empty repository has no order yet', () => {
    assert.deepEqual(readOrder(SET, { repositoryId: 'r', archives: [] }), {
      ...{ repositoryId: 'r', archives: [], top: 0, head: undefined, newest: undefined },
      ...{ data: [], records: [], forks: [], legacies: [], legacy: 0, foreign: [] },
    });
  });

  test('an archive of ours is an entry with what its comment says', () => {
    const archive = ours(7, { writer: OWN });
    const { head, newest, data, archives, repositoryId } = orderOf(archive);
    const entry = { sequence: 7, archive, comment: comment({ seq: 7, writer: OWN }) };
    assert.deepEqual([head, data], [entry, [entry]]);
    assert.deepEqual(newest, { kind: 'data', archive, comment: entry.comment });
    assert.deepEqual([archives, repositoryId], [[archive], 'repo']);
  });

  test('the newest is the highest number, wherever it stands in the list', () => {
    // 9 after 10 in the alphabet, and a list by time may have any order.
    for (const archives of shuffled([ours(1), ours(2), ours(9), ours(10), ours(100)])) {
      const { newest, head, top, data } = orderOf(...archives);
      assert.equal(top, 100);
      assert.deepEqual([newest?.archive, head?.archive], [ours(100), ours(100)]);
      assert.deepEqual(
        data.map(({ sequence }) => sequence),
        [1, 2, 9, 10, 100],
      );
    }
  });

  test('times decide nothing', () => {
    const archives = [ours(1), ours(2), ours(3)].map((archive) => ({ ...archive, time: -archive.time }));
    assert.equal(orderOf(...archives).newest?.archive.name, ours(3).name);
  });

  test('claims and closes take numbers, may be head, and hold no data', () => {
    const records = [ours(3, { kind: 'claim' }), ours(4, { kind: 'close' }), ours(1, { kind: 'claim' })];
    for (const archives of shuffled([ours(2), ...records])) {
      const order = orderOf(...archives);
      assert.deepEqual([order.newest?.archive.name, order.top, order.foreign], [ours(2).name, 4, []]);
      assert.deepEqual([order.head?.archive.name, order.head?.comment.kind], [ours(4).name, 'close']);
      assert.deepEqual(namesOf(order.data), [ours(2).name]);
      assert.deepEqual(namesOf(order.records), [ours(1).name, ours(3).name, ours(4).name]);
    }
  });

  test('a set of claims alone has a head and nothing to restore', () => {
    const { head, newest, top } = orderOf(ours(1, { kind: 'claim' }));
    assert.deepEqual([head?.sequence, newest, top], [1, undefined, 1]);
  });
});

describe('the predecessor', () => {
  test('its newest is the highest number, and of two the one of the exit', () => {
    for (const archives of shuffled(
      ['1700000000', '1700000300', '1700000300-exit', '900000000'].map((name) => theirs(name)),
    )) {
      const { newest, legacy, legacies, top, head, foreign } = orderOf(...archives);
      assert.deepEqual([newest?.kind, newest?.archive.name], ['legacy', '1700000300-exit']);
      assert.deepEqual([legacy, top, head, foreign], [1_700_000_300, 0, undefined, []]);
      assert.deepEqual(namesOf(legacies), ['900000000', '1700000000', '1700000300', '1700000300-exit']);
    }
  });

  test('an exit archive is not newer than a later one', () => {
    for (const archives of shuffled(['1700000000-exit', '1700000300'].map((name) => theirs(name)))) {
      assert.equal(orderOf(...archives).newest?.archive.name, '1700000300');
    }
  });

  test("data of one's own goes before the predecessor's", () => {
    for (const archives of shuffled([theirs('1700000000'), ours(1, { legacy: 1_700_000_000 })])) {
      const { newest, legacy } = orderOf(...archives);
      assert.deepEqual([newest?.archive.name, legacy], [ours(1).name, 1_700_000_000]);
    }
  });

  test("a claim does not go before the predecessor's data", () => {
    const { newest, head } = orderOf(theirs('1700000000'), ours(1, { kind: 'claim' }));
    assert.deepEqual([newest?.archive.name, head?.sequence], ['1700000000', 1]);
  });

  test('our comment on its name makes it no data of the set', () => {
    assert.equal(orderOf({ ...ours(1), name: '1700000000' }).newest?.kind, 'legacy');
  });
});

describe('forks', () => {
  test('row 32: forks are outside the order, by rising number', () => {
    for (const archives of shuffled([forkOf(OWN, 2), forkOf(OWN, 10), forkOf(OTHER, 9), ours(1)])) {
      const { forks, top, head, newest, data, foreign } = orderOf(...archives);
      assert.deepEqual(
        forks.map(({ writer, number }) => [writer, number]),
        [
          [OWN, 2],
          [OTHER, 9],
          [OWN, 10],
        ],
      );
      assert.deepEqual([top, head?.sequence, newest?.archive.name], [1, 1, ours(1).name]);
      assert.deepEqual([namesOf(data), foreign], [[ours(1).name], []]);
    }
  });

  test('row 32: a fork is what its name and its comment say', () => {
    const archive = forkOf(OWN, 3, { files: 8 });
    assert.deepEqual(orderOf(archive).forks, [
      {
        ...{ writer: OWN, number: 3, archive },
        comment: comment({ kind: 'fork', seq: 3, writer: OWN, files: 8 }),
      },
    ]);
  });

  for (const [name, archive] of [
    ['no comment', { ...forkOf(OWN, 1), comment: '' }],
    ['a comment of data', forkOf(OWN, 1, { kind: 'data' })],
    ["another set's comment", forkOf(OWN, 1, { set: 'gitea' })],
  ] as const) {
    test(`row 32: the name of a fork with ${name} is foreign`, () => {
      const { forks, foreign } = orderOf(archive);
      assert.deepEqual([forks, foreign], [[], [archive.name]]);
    });
  }
});

describe('archives of others', () => {
  const forged: [name: string, archive: ListedArchive][] = [
    ['no comment', theirs(lineageName(SET, 5))],
    ['free text', theirs(lineageName(SET, 5), 'before the upgrade')],
    ["another number's comment", { ...ours(4), name: lineageName(SET, 5) }],
    ["another set's comment", ours(5, { set: 'gitea' })],
    ["a fork's comment", ours(5, { kind: 'fork' })],
  ];
  for (const [name, archive] of forged) {
    test(`a name of the set with ${name} takes its number and is not restored`, () => {
      const { top, newest, head, foreign, data, records } = orderOf(archive, ours(3));
      assert.deepEqual([top, head?.sequence, newest?.archive.name], [5, 3, ours(3).name]);
      assert.deepEqual([foreign, namesOf(data), records], [[archive.name], [ours(3).name], []]);
    });
  }

  test('names of other sets, wrong forks and checkpoints are foreign and take no number', () => {
    const names = [
      ...['gitea-0000000009', 'grafana.fork-x', 'grafana-0000000002.checkpoint', 'grafana-00000000009'],
    ];
    const { top, foreign, forks, legacy } = orderOf(...names.map((name) => theirs(name)), ours(1));
    assert.deepEqual([top, foreign, forks, legacy], [1, names, [], 0]);
  });
});

describe('the same archive', () => {
  test('is the same name and the same id', () => {
    const one = ours(1);
    assert.equal(isSame(one, { ...one, comment: 'x', time: 0 }), true);
    assert.equal(isSame(one, { ...one, id: 'other' }), false);
    assert.equal(isSame(one, { ...one, name: 'other' }), false);
    assert.equal(isSame(one, undefined), false);
    assert.equal(isSame(undefined, one), false);
    assert.equal(isSame(undefined, undefined), true);
  });

  test('as a parent is its number and its id, and the predecessor’s is none', () => {
    assert.deepEqual(parentOf(orderOf(ours(7)).newest), { sequence: 7, id: 'id-7' });
    assert.deepEqual(parentOf(orderOf(theirs('5')).newest), NO_PARENT);
    assert.deepEqual(parentOf(undefined), NO_PARENT);
  });
});
