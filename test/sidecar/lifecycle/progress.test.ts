import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate, type Measured } from '../../../sidecar/src/lifecycle/progress.ts';

const MB = 1_000_000;
const half: Measured = { entries: 50, ofEntries: 100, bytes: 100 * MB, ofBytes: 200 * MB, seconds: 10 };

test('half of all in ten seconds leaves ten seconds, and the measures are told on', () => {
  const { seconds: _, ...measured } = half;
  const expected = { percent: 50, ...measured, bytesPerSecond: 10 * MB, secondsLeft: 10 };
  assert.deepEqual(estimate(half), expected);
});

const rows: [name: string, change: Partial<Measured>, expected: Partial<ReturnType<typeof estimate>>][] = [
  [
    'nothing is done yet',
    { entries: 0, bytes: 0 },
    { percent: 0, bytesPerSecond: 0, secondsLeft: undefined },
  ],
  ['no time has passed', { seconds: 0 }, { percent: 50, bytesPerSecond: undefined, secondsLeft: undefined }],
  ['one large file is nearly all', { entries: 1, bytes: 150 * MB }, { percent: 74, secondsLeft: 4 }],
  ['bytes are done, and many small files are left', { entries: 0, ofEntries: 200_000 }, { percent: 2 }],
  ['no entry has a byte', { bytes: 0, ofBytes: 0 }, { percent: 50, bytesPerSecond: 0, secondsLeft: 10 }],
  [
    'only the comment is known',
    { bytes: undefined },
    { percent: 50, ofBytes: 200 * MB, bytesPerSecond: undefined, secondsLeft: 10 },
  ],
  [
    'the comment counts no directories',
    { bytes: undefined, entries: 120 },
    { percent: 99, entries: 120, secondsLeft: 0 },
  ],
  [
    'nothing is known of the archive',
    { ofEntries: undefined, bytes: undefined, ofBytes: undefined },
    { percent: undefined, bytesPerSecond: undefined, secondsLeft: undefined },
  ],
  ['the archive is empty', { entries: 0, ofEntries: 0, bytes: 0, ofBytes: 0 }, { percent: undefined }],
  ['all is written and not yet compared', { entries: 100, bytes: 200 * MB }, { percent: 99, secondsLeft: 0 }],
];

for (const [name, change, expected] of rows) {
  test(`how far a restore is where ${name}`, () => {
    const estimated = estimate({ ...half, ...change });
    assert.deepEqual({ ...estimated, ...expected }, estimated);
  });
}
