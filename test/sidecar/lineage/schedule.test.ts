import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Schedule } from '../../../sidecar/src/lineage/schedule.ts';

const SECOND = 1_000;
const LIMITS = {
  quietMs: 10 * SECOND,
  leastBetweenSavesMs: 60 * SECOND,
  intervalMs: 300 * SECOND,
  lookEveryMs: 5 * SECOND,
};

/** Looks at these seconds, each with what it shows; `S0` is saved. */
function looking(looks: readonly (readonly [second: number, digest: string])[], change = {}): Schedule {
  const schedule = new Schedule({ ...LIMITS, ...change });
  for (const [second, digest] of looks) {
    schedule.looked({ digest, isUnsaved: digest !== 'S0', beganMs: second * SECOND, tookMs: 0 });
  }
  return schedule;
}

describe('row 25: a change is due', () => {
  for (const [when, looks, second] of [
    [
      '10 s after the look that showed it first',
      [
        [0, 'S0'],
        [5, 'S1'],
      ],
      15,
    ],
    [
      'no later for a look that shows the same',
      [
        [0, 'S0'],
        [5, 'S1'],
        [10, 'S1'],
      ],
      15,
    ],
    [
      '10 s after the newest change',
      [
        [0, 'S0'],
        [5, 'S1'],
        [10, 'S2'],
      ],
      20,
    ],
    [
      'when a change is undone and done again, too',
      [
        [0, 'S0'],
        [5, 'S1'],
        [10, 'S0'],
        [15, 'S1'],
      ],
      25,
    ],
    [
      'when it may be BACKUP_INTERVAL old, however busy',
      [
        [0, 'S0'],
        [5, 'S1'],
        [295, 'S9'],
      ],
      300,
    ],
    [
      'within BACKUP_INTERVAL of the first look of all',
      [
        [0, 'S1'],
        [295, 'S2'],
      ],
      300,
    ],
  ] as const) {
    test(when, () => assert.equal(looking(looks).dueAtMs, second * SECOND));
  }

  for (const [when, tookSeconds, nextSecond, second, isUrgent] of [
    ['60 s after the begin of the save before', 1, 20, 75, false],
    ['20 times the length of the save before after its begin, where that is longer', 4, 20, 95, false],
    ['but never later than BACKUP_INTERVAL, whatever the save before took', 100, 120, 305, false],
    ['at once, quiet or not, where the pod may end at any moment', 1, 20, 35, true],
    ['but still not more often than saves may cost', 2, 20, 55, true],
  ] as const) {
    test(when, () => {
      const schedule = looking([
        [0, 'S0'],
        [5, 'S1'],
      ]);
      schedule.saved(15 * SECOND, tookSeconds * SECOND);
      schedule.looked({ digest: 'S2', isUnsaved: true, isUrgent, beganMs: nextSecond * SECOND, tookMs: 0 });
      assert.equal(schedule.dueAtMs, second * SECOND);
    });
  }

  test('from the look before the save on: what came during the save is older than the save', () => {
    const schedule = looking([
      [0, 'S0'],
      [200, 'S1'],
    ]);
    schedule.saved(210 * SECOND, 5 * SECOND);
    schedule.looked({ digest: 'S2', isUnsaved: true, beganMs: 450 * SECOND, tookMs: 0 });
    schedule.looked({ digest: 'S3', isUnsaved: true, beganMs: 495 * SECOND, tookMs: 0 });
    assert.equal(schedule.dueAtMs, 500 * SECOND);
  });

  test('within a BACKUP_INTERVAL that is shorter than the other two', () => {
    assert.equal(
      looking(
        [
          [0, 'S0'],
          [1, 'S1'],
        ],
        { intervalMs: SECOND },
      ).dueAtMs,
      SECOND,
    );
  });
});

describe('the next look', () => {
  for (const [when, look, second] of [
    ['comes after 5 s for a small volume', { tookMs: 0 }, 5],
    ['comes so late that looks take less than a hundredth of a core', { tookMs: 600 }, 75],
    ['comes within BACKUP_INTERVAL, whatever it costs', { tookMs: 60_000 }, 300],
  ] as const) {
    test(when, () => {
      const schedule = new Schedule(LIMITS);
      schedule.looked({ digest: 'S0', isUnsaved: false, beganMs: 0, ...look });
      assert.equal(schedule.nextLookAtMs, second * SECOND);
    });
  }

  test('comes when an unsaved change may be BACKUP_INTERVAL old', () => {
    const schedule = looking([
      [0, 'S0'],
      [297, 'S1'],
    ]);
    assert.equal(schedule.nextLookAtMs, 300 * SECOND);
  });
});
