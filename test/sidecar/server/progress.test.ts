import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProgress, type RestoreProgress } from '../../../sidecar/src/server/progress.ts';

const known: RestoreProgress = {
  ...{ percent: 38, entries: 1_900, ofEntries: 5_000, bytes: 95_000_000, ofBytes: 250_000_000 },
  ...{ bytesPerSecond: 12_000_000, secondsLeft: 13 },
};
const unknown: RestoreProgress = {
  ...{ percent: undefined, entries: 7, ofEntries: undefined, bytes: undefined, ofBytes: undefined },
  ...{ bytesPerSecond: undefined, secondsLeft: undefined },
};

const rows: [progress: RestoreProgress, text: string][] = [
  [known, '38 %, 1900 of 5000 entries, 95 of 250 MB, 12 MB/s, 13 s left'],
  [unknown, '7 of ? entries'],
  [{ ...unknown, ofEntries: 9, percent: 77, ofBytes: 1_000 }, '77 %, 7 of 9 entries, ? of 1 kB'],
  [{ ...unknown, bytes: 0, ofBytes: 0 }, '7 of ? entries, 0 of 0 bytes'],
  [{ ...unknown, bytes: 950_000_000, ofBytes: 2_140_000_000 }, '7 of ? entries, 1 of 2.1 GB'],
  [{ ...unknown, bytesPerSecond: 999 }, '7 of ? entries, 999 bytes/s'],
  [{ ...unknown, bytesPerSecond: 3_200_000_000_000 }, '7 of ? entries, 3.2 TB/s'],
  [{ ...unknown, secondsLeft: 119 }, '7 of ? entries, 119 s left'],
  [{ ...unknown, secondsLeft: 150 }, '7 of ? entries, 3 min left'],
  [{ ...unknown, secondsLeft: 7_500 }, '7 of ? entries, 2 h 5 min left'],
];

for (const [progress, text] of rows) {
  test(`a person reads: ${text}`, () => assert.equal(describeProgress(progress), text));
}
