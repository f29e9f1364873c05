import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Comment, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import { LAST_SEQUENCE, lineageName } from '../../../sidecar/src/lineage/names.ts';
import { findObstacle, type ListedArchive, readOrder } from '../../../sidecar/src/lineage/order.ts';
import { comment } from '../../support/comment.ts';
import { pick } from '../../support/noise.ts';

const SET = 'grafana';

/** An archive of the set, as it would be listed. */
function ours(seq: number, change: Partial<Comment> = {}): ListedArchive {
  const name = lineageName(SET, seq);
  return { name, id: `id of ${name}`, comment: writeComment(comment({ seq, ...change })) };
}

function theirs(name: string, text = ''): ListedArchive {
  return { name, id: `id of ${name}`, comment: text };
}

/** All orders that a list can come in, some hundred of them. */
function shuffled<T>(items: readonly T[]): T[][] {
  return Array.from({ length: 100 }, (_, seed) =>
    items
      .map((item, at) => ({ item, key: pick(seed, at, 2 ** 30) }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item),
  );
}

function newestName(archives: readonly ListedArchive[]): string | undefined {
  return readOrder(SET, archives).newest?.archive.name;
}

describe('the order', () => {
  test('an empty repository has no order yet', () => {
    assert.deepEqual(readOrder(SET, []), { top: 0, newest: undefined, legacy: 0, foreign: [] });
  });

  test('the newest is the highest number, wherever it stands in the list', () => {
    // 9 after 10 in the alphabet, and a list by time may have any order.
    for (const archives of shuffled([ours(1), ours(2), ours(9), ours(10), ours(100)])) {
      const { newest, top } = readOrder(SET, archives);
      assert.equal(top, 100);
      assert.deepEqual(newest, { kind: 'data', archive: ours(100), comment: comment({ seq: 100 }) });
    }
  });

  test('claims and closes take numbers and hold no data', () => {
    for (const archives of shuffled([
      ours(1),
      ours(2),
      ours(3, { kind: 'claim' }),
      ours(4, { kind: 'close' }),
    ])) {
      const { newest, top, foreign } = readOrder(SET, archives);
      assert.deepEqual([newest?.archive.name, top, foreign], [ours(2).name, 4, []]);
    }
  });

  test('a set of claims alone has nothing to restore', () => {
    assert.deepEqual(readOrder(SET, [ours(1, { kind: 'claim' })]), {
      ...{ top: 1, newest: undefined, legacy: 0, foreign: [] },
    });
  });

  test("the predecessor's newest is its highest number, and of two the one of the exit", () => {
    for (const archives of shuffled(
      ['1700000000', '1700000300', '1700000300-exit', '900000000'].map((n) => theirs(n)),
    )) {
      const { newest, legacy, top } = readOrder(SET, archives);
      assert.deepEqual([newest?.kind, newest?.archive.name], ['legacy', '1700000300-exit']);
      assert.deepEqual([legacy, top], [1_700_000_300, 0]);
    }
  });

  test('an exit archive is not newer than a later one', () => {
    for (const archives of shuffled(['1700000000-exit', '1700000300'].map((name) => theirs(name)))) {
      assert.equal(newestName(archives), '1700000300');
    }
  });

  test("data of one's own goes before the predecessor's", () => {
    for (const archives of shuffled([theirs('1700000000'), ours(1, { legacy: 1_700_000_000 })])) {
      assert.equal(newestName(archives), ours(1).name);
      assert.equal(readOrder(SET, archives).legacy, 1_700_000_000);
    }
  });
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
      const { top, newest, foreign } = readOrder(SET, [archive, ours(3)]);
      assert.equal(top, 5);
      assert.equal(newest?.archive.name, ours(3).name);
      assert.deepEqual(foreign, [archive.name]);
    });
  }

  test('names of other sets, forks and checkpoints are foreign', () => {
    const names = [
      'gitea-0000000009',
      'grafana.fork-x',
      'grafana-0000000002.checkpoint',
      'grafana-00000000009',
    ];
    assert.deepEqual(readOrder(SET, [...names.map((name) => theirs(name)), ours(1)]), {
      top: 1,
      newest: { kind: 'data', archive: ours(1), comment: comment() },
      legacy: 0,
      foreign: names,
    });
  });

  test("our comment on the predecessor's name makes it no data of the set", () => {
    assert.equal(readOrder(SET, [{ ...ours(1), name: '1700000000' }]).newest?.kind, 'legacy');
  });
});

describe('obstacles', () => {
  const none: [name: string, archives: ListedArchive[]][] = [
    ['an empty repository', []],
    ['data', [ours(1)]],
    ['a claim alone', [ours(1, { kind: 'claim' })]],
    ["the predecessor's archives", [theirs('1700000000')]],
    ["the predecessor's archives, taken over", [theirs('1700000000'), ours(1, { legacy: 1_700_000_000 })]],
    ['data beside a foreign archive', [theirs('before-upgrade'), ours(1)]],
    ['the last but one number', [ours(LAST_SEQUENCE - 1)]],
  ];
  for (const [name, archives] of none) {
    test(`${name} is none`, () => assert.equal(findObstacle(SET, readOrder(SET, archives)), undefined));
  }

  const found: [name: string, archives: ListedArchive[], sentence: string][] = [
    [
      'a foreign archive alone',
      [theirs('gitea-0000000009')],
      'The repository holds archives that are not of the set "grafana" (gitea-0000000009): correct ARCHIVE_NAME or REPO_BASE, each set needs a repository of its own.',
    ],
    [
      'many foreign archives',
      ['a', 'b', 'c', 'd', 'e'].map((name) => theirs(name)),
      'The repository holds archives that are not of the set "grafana" (a, b, c and 2 more): correct ARCHIVE_NAME or REPO_BASE, each set needs a repository of its own.',
    ],
    [
      'a foreign archive beside a claim',
      [theirs('x'), ours(1, { kind: 'claim' })],
      'The repository holds archives that are not of the set "grafana" (x): correct ARCHIVE_NAME or REPO_BASE, each set needs a repository of its own.',
    ],
    [
      'an archive of the predecessor that came later',
      [theirs('1700000300'), ours(1, { legacy: 1_700_000_000 })],
      'The predecessor has written an archive (1700000300) after this program took the set "grafana" over: two lines of data exist and a person must choose. Rename or delete the archives of the one that is not wanted, then start again.',
    ],
    [
      'an archive of the predecessor in a set that never had one',
      [theirs('1700000300-exit'), ours(1)],
      'The predecessor has written an archive (1700000300) after this program took the set "grafana" over: two lines of data exist and a person must choose. Rename or delete the archives of the one that is not wanted, then start again.',
    ],
    [
      'the last number',
      [ours(LAST_SEQUENCE)],
      'The set "grafana" has used its last archive number (9999999999): start a new set.',
    ],
  ];
  for (const [name, archives, sentence] of found) {
    test(`${name} is one`, () => assert.equal(findObstacle(SET, readOrder(SET, archives)), sentence));
  }
});
