import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseChore } from '../../../../sidecar/src/lineage/rows/upkeep.ts';
import { liveMarker } from '../../../support/lineage.ts';

const DAY_S = 86_400;
const MIB = 1024 * 1024;
const RULES = { compactEveryMs: 7 * DAY_S * 1_000, checkEveryMs: 30 * DAY_S * 1_000 };
const THEN_S = 1_800_000_000;
const done = { compacted: THEN_S, checked: THEN_S };

for (const [what, change, days, chore] of [
  ['nothing, where all was done a day ago', {}, 1, undefined],
  ['compaction after COMPACT_EVERY', {}, 7.8, 'compact'],
  ['the check after CHECK_EVERY', { compacted: THEN_S + 33 * DAY_S }, 33.5, 'check'],
  ['compaction before the check', {}, 40, 'compact'],
  ['nothing, where less was added than anybody misses', { added: 32 * MIB }, 1, undefined],
  ['compaction, where more than that was added to a small volume', { added: 32 * MIB + 1 }, 1, 'compact'],
  [
    'nothing, where half a large volume was added',
    { added: 500 * MIB, baseSize: { files: 1, bytes: 1_000 * MIB } },
    1,
    undefined,
  ],
  [
    'compaction, where more than half was',
    { added: 500 * MIB + 1, baseSize: { files: 1, bytes: 1_000 * MIB } },
    1,
    'compact',
  ],
  ['nothing, where a clock says that it is before the last time', {}, -400, undefined],
] as const) {
  test(`upkeep: ${what}`, () => {
    const marker = liveMarker({ ...done, ...change });
    assert.equal(chooseChore(marker, RULES, (THEN_S + days * DAY_S) * 1_000), chore);
  });
}

test('upkeep: writers are due at different times, each at the same one always, within a tenth', () => {
  const dueAfter = (writer: string) => {
    const marker = liveMarker({ ...done, writer });
    const hours = Array.from({ length: 10 * 24 }, (_, hour) => hour);
    return (
      hours.find((hour) => chooseChore(marker, RULES, (THEN_S + hour * 3_600) * 1_000) !== undefined) ?? 0
    );
  };
  const [first = 0, last = 0] = ['0'.repeat(16), 'f'.repeat(16)].map(dueAfter);
  assert.deepEqual([first, last], [Math.ceil(0.9 * 7 * 24), Math.ceil(1.1 * 7 * 24)]);
});
