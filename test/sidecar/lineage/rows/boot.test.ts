import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Marker } from '../../../../sidecar/src/lineage/marker.ts';
import { type Boot, boot } from '../../../../sidecar/src/lineage/rows/boot.ts';
import { liveMarker } from '../../../support/lineage.ts';

/** What STATE_DIR knows: a live writer of this boot of the node, or none. */
const record = liveMarker();

function bootWith(
  [empty, state, known]: readonly [empty: boolean, state: Marker['state'] | undefined, known: boolean],
  onNonemptyVolume: 'fail' | 'adopt',
): Boot {
  const marker = state && liveMarker({ state });
  return boot({ empty, marker, record: known ? record : undefined }, onNonemptyVolume);
}

const cases: readonly [
  row: string,
  found: readonly [empty: boolean, state: Marker['state'] | undefined, known: boolean],
  expected: Boot | { fail: Boot; adopt: Boot },
][] = [
  ['row 1: an empty volume of which nothing is known is restored', [true, undefined, false], 'restore'],
  ['row 2: a live volume that is empty has vanished', [true, undefined, true], 'vanished'],
  [
    'row 3: files of unknown origin are refused, or adopted where that is set',
    [false, undefined, false],
    { fail: 'nonempty', adopt: 'adopt' },
  ],
  ['row 4: a restore that was cut off begins anew', [false, 'restoring', false], 'restore'],
  ['row 4: also one that had not written anything', [true, 'restoring', false], 'restore'],
  ['row 4: also where STATE_DIR knows a live writer', [false, 'restoring', true], 'restore'],
  ['row 6: a live volume is gone on with', [false, 'live', true], 'resume'],
  ['row 6: also after the node was booted', [false, 'live', false], 'resume'],
  ['row 6: also with nothing in it but the marker', [true, 'live', false], 'resume'],
  ['row 6: a live volume that has lost its marker gets it back', [false, undefined, true], 'recover'],
  ['row 7: a fenced volume stays fenced', [false, 'fenced', true], 'fenced'],
  ['row 7: also after the node was booted', [false, 'fenced', false], 'fenced'],
  ['row 7: also with nothing in it but the marker', [true, 'fenced', false], 'fenced'],
];

for (const [name, found, expected] of cases) {
  test(name, () => {
    const { fail, adopt } = typeof expected === 'string' ? { fail: expected, adopt: expected } : expected;
    assert.deepEqual([bootWith(found, 'fail'), bootWith(found, 'adopt')], [fail, adopt]);
  });
}

test('row 33: nothing with a marker of a live or fenced writer is ever restored into', () => {
  for (const empty of [true, false]) {
    for (const known of [true, false]) {
      for (const state of ['live', 'fenced'] as const) {
        for (const setting of ['fail', 'adopt'] as const) {
          const kind = bootWith([empty, state, known], setting);
          assert.equal(kind, state === 'live' ? 'resume' : 'fenced');
        }
      }
    }
  }
});
