import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Duration } from 'cdk8s';
import { asSetting, sum } from 'cdk8s-borg-volume-sync/lib/duration.js';

const spellings: [Duration, string][] = [
  [Duration.millis(0), '0ms'],
  [Duration.millis(1_500), '1500ms'],
  [Duration.seconds(30), '30s'],
  [Duration.seconds(90), '90s'],
  [Duration.seconds(300), '5m'],
  [Duration.minutes(90), '90m'],
  [Duration.hours(24), '1d'],
  [Duration.days(7), '7d'],
];

for (const [duration, expected] of spellings) {
  test(`${duration.toHumanString()} is spelt ${expected}`, () => {
    assert.equal(asSetting(duration), expected);
  });
}

test('a part of a second counts as a whole one', () => {
  assert.equal(sum(Duration.millis(1_001), Duration.minutes(1)).toSeconds(), 62);
});
