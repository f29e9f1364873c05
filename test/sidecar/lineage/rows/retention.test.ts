import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Comment, NO_PARENT, writeComment } from '../../../../sidecar/src/lineage/comment.ts';
import { forkName, lineageName } from '../../../../sidecar/src/lineage/names.ts';
import { type ListedArchive, type Order, readOrder } from '../../../../sidecar/src/lineage/order.ts';
import {
  chooseDeletions,
  findHeld,
  type KeepRules,
  keptByRules,
  recordsBelow,
} from '../../../../sidecar/src/lineage/rows/retention.ts';
import { pruneFlags } from '../../../../sidecar/src/settings/prune-flags.ts';
import { PruneRepository } from '../../../support/borg-prune.ts';
import { comment } from '../../../support/comment.ts';
import { pick } from '../../../support/noise.ts';

const SET = 'grafana';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const name = (sequence: number) => lineageName(SET, sequence);
const names = (...sequences: number[]) => sequences.map(name);
const listed = (name: string, comment: string, time = 0): ListedArchive => ({
  name,
  id: `id of ${name}`,
  comment,
  time,
});

/** A data archive that descends from the number before it, made that many days after the first one. */
function data(seq: number, change: Partial<Comment> & { time?: number } = {}): ListedArchive {
  const { time = Date.UTC(2026, 0, seq, 12), ...rest } = change;
  const parent = seq === 1 ? NO_PARENT : { sequence: seq - 1, id: `id of ${name(seq - 1)}` };
  return listed(name(seq), writeComment(comment({ seq, parent, ...rest })), time);
}
const from = (sequence: number) => ({ parent: { sequence, id: `id of ${name(sequence)}` } });
const record = (seq: number, kind: 'claim' | 'close' = 'claim') => data(seq, { kind });
const order = (...archives: ListedArchive[]): Order => readOrder(SET, { repositoryId: 'r', archives });
const days = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => data(first + at));

/** What the rules keep of archives made at these times, by their place. */
function kept(rules: KeepRules, ...times: number[]): number[] {
  const moments = times.map((time, at) => ({ sequence: at + 1, time }));
  return [...keptByRules(moments, rules)].sort((one, other) => one - other);
}

describe('row 28: which data stays', () => {
  test('row 28: the three highest numbers, whatever the rules say', () => {
    const { names: deleted } = chooseDeletions(order(...days(1, 9)), 9, { daily: 1 });
    assert.deepEqual(deleted, names(1, 2, 3, 4, 5, 6));
  });

  test('row 28: what the rules keep', () => {
    const { names: deleted } = chooseDeletions(order(...days(1, 9)), 9, { daily: 5, yearly: 1 });
    assert.deepEqual(deleted, names(2, 3, 4));
  });

  test('row 28: without rules all data stays, and records go all the same', () => {
    assert.deepEqual(chooseDeletions(order(...days(1, 9), record(10), data(11)), 11, undefined), {
      names: names(10),
      // 11 says that it descends from the claim.
      held: [],
    });
  });

  test('row 28, schedule 2a: the newest of a node with a slow clock does not look old', () => {
    const slow = data(6, { time: Date.UTC(2025, 11, 10) });
    const { names: deleted } = chooseDeletions(order(...days(1, 5), slow), 6, { secondly: 4 });
    assert.deepEqual(deleted, names(1, 2));
  });

  test('row 28, schedule 2b: claims take no place of data, and those above the own archive stay', () => {
    const archives = order(record(1), data(2), record(3), record(4), record(5));
    assert.deepEqual(chooseDeletions(archives, 2, { secondly: 1 }).names, names(1));
  });

  test('row 28: neither foreign nor legacy archives, nor forks, nor anything from the own number on', () => {
    const fork = forkName(SET, 'fedcba9876543210', 1);
    const archives = order(
      ...[listed('1700000000', ''), listed('photos', ''), listed(name(2), 'not ours')],
      listed(fork, writeComment(comment({ kind: 'fork', seq: 1 }))),
      ...[data(1), record(3), ...days(4, 9), record(10, 'close'), data(11)],
    );
    assert.deepEqual(chooseDeletions(archives, 6, { secondly: 1 }).names, names(1, 4, 5, 3));
  });

  test('row 28: nothing to delete is an empty list', () => {
    assert.deepEqual(chooseDeletions(order(), 1, { secondly: 1 }), { names: [], held: [] });
    assert.deepEqual(chooseDeletions(order(data(1)), 1, { secondly: 1 }), { names: [], held: [] });
  });

  test('row 21a: the records below the own claim, of either kind', () => {
    const archives = order(record(1), data(2), record(3, 'close'), record(4), record(5), record(6));
    assert.deepEqual(recordsBelow(archives, 5), names(1, 3, 4));
    assert.deepEqual(recordsBelow(order(), 5), []);
  });
});

describe('row 28: held', () => {
  // A commits 2 late; B started from 1, claimed 3 and goes on.
  const late = [data(1), data(2), record(3), data(4, from(1)), ...days(5, 9)];

  test('row 28, schedule 10: data that a newer archive passed over stays, with the one that did', () => {
    assert.deepEqual(chooseDeletions(order(...late), 9, { secondly: 1 }), {
      names: names(1, 5, 6, 3),
      held: names(2),
    });
  });

  test('row 28: what is held is told without rules, too', () => {
    assert.deepEqual(chooseDeletions(order(...late), 9, undefined), { names: names(3), held: names(2) });
  });

  test('row 28: once a person has deleted what was held, the one above it goes as well', () => {
    const without = late.filter((archive) => archive.name !== name(2));
    assert.deepEqual(chooseDeletions(order(...without), 9, { secondly: 1 }), {
      names: names(1, 4, 5, 6, 3),
      held: [],
    });
  });

  const held: [what: string, archives: ListedArchive[], held: number[], above: number[]][] = [
    ['one line', days(1, 4), [], []],
    ['a parent that was deleted', [data(1), data(7, from(5))], [], []],
    ['several that one passed over', [...days(1, 3), data(4, from(1))], [2, 3], [4]],
    ['two lines beside one another', [data(1), data(2), data(3, from(1)), data(4, from(2))], [2, 3], [3, 4]],
    [
      'one that was passed over twice',
      [data(1), data(2), data(3, from(1)), data(4, from(1))],
      [2, 3],
      [3, 4],
    ],
    ['one without a parent', [data(1), data(2, { parent: NO_PARENT })], [1], [2]],
  ];
  for (const [what, archives, below, above] of held) {
    test(`row 28: ${what}: ${below.length} held`, () => {
      const found = findHeld(order(...archives).data);
      assert.deepEqual(
        found.held.map(({ sequence }) => sequence),
        below,
      );
      assert.deepEqual(
        found.above.map(({ sequence }) => sequence),
        above,
      );
    });
  }
});

describe("row 28: Borg's keep rules", () => {
  const noon = Date.UTC(2026, 6, 15, 12);
  const daily = Array.from({ length: 9 }, (_, at) => noon + at * DAY);
  const hourly = Array.from({ length: 60 }, (_, at) => noon + at * HOUR);

  const cases: [what: string, rules: KeepRules, times: number[], kept: number[]][] = [
    ['nothing is kept of nothing', { daily: 3 }, [], []],
    ['the newest of each period', { daily: 2 }, [noon - DAY, noon, noon + HOUR, noon + DAY], [3, 4]],
    ['a rule with places left keeps the oldest', { daily: 5 }, [noon, noon + HOUR], [1, 2]],
    ['a rule without places left does not', { daily: 1 }, [noon, noon + HOUR], [2]],
    ['a rule without a limit has no places left', { daily: -1 }, [noon, noon + HOUR, noon + DAY], [2, 3]],
    ['0 is no rule', { daily: 0, hourly: 1 }, daily, [9]],
    ['a kept one takes no place of later rules', { secondly: 2, daily: 2 }, daily, [6, 7, 8, 9]],
    [
      'but it stands for its period',
      { secondly: 1, daily: 1 },
      [noon, noon + DAY, noon + DAY + HOUR],
      [1, 3],
    ],
    ['rules of shorter periods come first', { hourly: 2, daily: 2 }, hourly, [12, 36, 59, 60]],
    ['two in one second are one', { secondly: 1, monthly: -1 }, [noon, noon + 1, noon + 999], [3]],
    ['within does not include its end', { within: 2 * DAY }, daily, [8, 9]],
    ['within takes no place of other rules', { within: 2 * DAY, daily: 2 }, daily, [6, 7, 8, 9]],
  ];
  for (const [what, rules, times, expected] of cases) {
    test(`row 28: ${what}`, () => assert.deepEqual(kept(rules, ...times), expected));
  }

  const all = Array.from({ length: 150 * 366 }, (_, at) => Date.UTC(1965, 0, 1 + at));
  const ends: [rule: keyof KeepRules, isFirst: (date: Date) => boolean][] = [
    ['weekly', (date) => date.getUTCDay() === 1],
    ['monthly', (date) => date.getUTCDate() === 1],
    ['yearly', (date) => date.getUTCMonth() === 0 && date.getUTCDate() === 1],
  ];
  for (const [rule, isFirst] of ends) {
    test(`row 28: ${rule} keeps the last day of each period in 150 years`, () => {
      const expected = all.flatMap((time, at) =>
        at === all.length - 1 || isFirst(new Date(time + DAY)) ? [at + 1] : [],
      );
      assert.deepEqual(kept({ [rule]: -1 }, ...all), expected);
    });
  }
});

describe('row 28: times are forced to rise', () => {
  const noon = Date.UTC(2026, 6, 15, 12);

  test('row 28: each archive of a stopped clock counts', () => {
    assert.deepEqual(kept({ secondly: 3 }, noon, noon, noon, noon), [2, 3, 4]);
  });

  test('row 28: a slow clock takes nothing from the history before it', () => {
    const before = [0, 1, 2, 3].map((day) => noon + day * DAY);
    const slow = [0, 1, 2].map((day) => noon - 30 * DAY + day * DAY);
    // As if the slow ones were made on the last day, and as if their clock were right.
    assert.deepEqual(kept({ daily: 3 }, ...before, ...slow), [2, 3, 5, 6, 7]);
  });

  test('row 28: a clock that was a year fast once does not hide the year', () => {
    const after = [1, 2, 3, 4].map((day) => noon + day * DAY);
    const found = kept({ daily: 3 }, noon + 365 * DAY, ...after);
    assert.deepEqual(found, [1, 3, 4, 5]);
  });

  test('row 28: what is within a time span is so by the newest number', () => {
    assert.deepEqual(kept({ within: HOUR }, noon, noon + DAY, noon - DAY), [1, 2, 3]);
    assert.deepEqual(kept({ within: HOUR }, noon - 2 * DAY, noon + DAY, noon), [2, 3]);
  });
});

describe('row 28: as Borg', () => {
  const seed = process.env.SEED ?? String(Date.now());
  let drawn = 0;
  const draw = (below: number) => pick(seed, drawn++, below);
  const oneOf = <T>(...items: [T, ...T[]]): T => items[draw(items.length)] ?? items[0];

  const UNITS = [7, SECOND, MINUTE, HOUR, DAY, 7 * DAY, 31 * DAY, 183 * DAY];
  // Borg reaches back from its own now, we from the newest archive: none is made where the two differ.
  const LONGEST_TEST = 10 * MINUTE;

  /** Times that rise; many are the first or last millisecond of something. */
  function tidyTimes(end: number, units: readonly number[], size: number): number[] {
    const times = [end];
    for (let time = end; times.length < size; ) {
      const unit = units[draw(units.length)] ?? HOUR;
      const gap = time - Math.ceil((unit * (1 + draw(30))) / 10);
      time = oneOf(gap, gap, gap - (gap % Math.min(unit, DAY)), gap - (gap % Math.min(unit, DAY)) - 1);
      if ((end - time) % HOUR < HOUR - LONGEST_TEST) {
        times.unshift(time);
      }
    }
    return times;
  }

  /** Up to six rules, spelt in all ways; Borg wants one that is not 0. */
  function randomFlags(within: boolean): string[] {
    const count = () => String(oneOf(-1, 0, 1, 2, 3, 4, 5, 7, 12, 20));
    const spelt = (short: string, long: string) => () =>
      oneOf([`-${short}`, count()], [`-v${short}${count()}`], [`-${short}=${count()}`], [long, count()]);
    const rules = [
      () => [`${oneOf('--keep-last', '--keep-secondly')}=${count()}`],
      () => ['--keep-minutely', count()],
      spelt('H', '--keep-hourly'),
      spelt('d', '--keep-daily'),
      spelt('w', '--keep-weekly'),
      spelt('m', '--keep-monthly'),
      spelt('y', '--keep-yearly'),
      () => (within ? ['--keep-within', `${1 + draw(9)}${oneOf('H', 'd', 'w', 'm', 'y')}`] : []),
    ];
    const flags = Array.from({ length: 1 + draw(6) }, () => rules.splice(draw(rules.length), 1))
      .flat()
      .flatMap((rule) => rule());
    return /[1-9]/.test(flags.join()) ? flags : randomFlags(within);
  }

  test('row 28: Borg keeps the same of tidy histories', async (t) => {
    t.diagnostic(`SEED=${seed}`);
    // Half of the histories end now, as Borg sees it: the seed decides how old their archives are.
    const now = Date.now() - SECOND;
    const histories = Array.from({ length: 10 }, (_, at) => {
      const end = at < 5 ? now : Date.UTC(2016 + draw(10), oneOf(0, 1, 2, 5, 11), 1, 0, 0, 0, -draw(2));
      const first = draw(5);
      const units = at % 5 === 0 ? UNITS : UNITS.slice(first, first + 2 + draw(3));
      const times = tidyTimes(end, units, 30 + draw(20));
      const set = `h${at}`;
      return { set, ended: end === now, moments: times.map((time, at) => ({ sequence: at + 1, time })) };
    });
    await using repository = await PruneRepository.make(
      histories.flatMap(({ set, moments }) =>
        moments.map(({ sequence, time }) => ({ name: lineageName(set, sequence), time })),
      ),
    );
    for (const { set, ended, moments } of [...histories, ...histories, ...histories, ...histories]) {
      const flags = randomFlags(ended);
      const rules = pruneFlags.parse(flags.join(' '));
      const said = `SEED=${seed} ${set}: ${flags.join(' ')}`;
      assert.ok(rules !== undefined && rules !== 'none', said);
      const ours = keptByRules(moments, rules);
      const borg = await repository.wouldPrune(set, flags);
      const all = moments.map(({ sequence }) => sequence);
      const named = (sequences: number[]) => sequences.map((sequence) => lineageName(set, sequence));
      assert.deepEqual(borg.kept.sort(), named(all.filter((each) => ours.has(each))), said);
      assert.deepEqual(borg.deleted.sort(), named(all.filter((each) => !ours.has(each))), said);
    }
  });
});
