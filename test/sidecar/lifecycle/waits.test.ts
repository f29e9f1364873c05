import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOff, WAITS } from '../../../sidecar/src/lifecycle/waits.ts';
import { pick } from '../../support/noise.ts';

const almostOne = () => 1 - 2 ** -53;

for (const [failures, longest] of [
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [8, 60_000],
  [100, 60_000],
  [1e9, 60_000],
] as const) {
  test(`after ${failures} failures in a row it waits ${longest} ms at most`, () => {
    assert.equal(backOff(failures, WAITS, almostOne), longest);
    assert.equal(
      backOff(failures, WAITS, () => 0.5),
      longest / 2,
    );
    assert.equal(
      backOff(failures, WAITS, () => 0),
      0,
    );
  });
}

test('many pods that fail together spread over the whole wait', () => {
  const drawn = Array.from({ length: 1_000 }, (_, pod) =>
    backOff(7, WAITS, () => pick('pod', pod, 2 ** 20) / 2 ** 20),
  );
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = drawn.filter((wait) => Math.floor((wait / 60_000) * 10) === tenth).length;
    assert.ok(share > 60 && share < 140, `${share} of 1000 in tenth ${tenth}`);
  }
});

test('the bounds are those that are given', () => {
  const waits = { ...WAITS, retryFirst: 10, retryLongest: 35 };
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => backOff(failures, waits, almostOne)),
    [10, 20, 35, 35],
  );
});
