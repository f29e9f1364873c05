import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  absolutePath,
  choice,
  duration,
  formatDuration,
  integer,
  type Kind,
  moment,
  pattern,
  percentage,
  quantity,
  text,
  url,
  yesOrNo,
} from '../../../sidecar/src/settings/kinds.ts';

const port = integer({ from: 0, to: 65_535 });
const word = choice('start', 'fail');

const accepted: [name: string, kind: Kind<unknown>, text: string, value: unknown][] = [
  ['milliseconds', duration(), '500ms', 500],
  ['seconds', duration(), '30s', 30_000],
  ['minutes', duration(), '5m', 300_000],
  ['hours', duration(), '2h', 7_200_000],
  ['days', duration(), '7d', 604_800_000],
  ['no time at all', duration(), '0s', 0],
  ['exactly the least duration', duration({ atLeast: 1_000 }), '1s', 1_000],
  ['exactly the longest duration', duration({ atMost: 86_400_000 }), '1d', 86_400_000],
  ['the first number', port, '0', 0],
  ['the last number', port, '65535', 65_535],
  ['a number with leading zeros', port, '0080', 80],
  ['a word', word, 'fail', 'fail'],
  ['true', yesOrNo, 'true', true],
  ['false', yesOrNo, 'false', false],
  ['text with blanks', text, ' a b ', ' a b '],
  ['the root', absolutePath, '/', '/'],
  ['many slashes', absolutePath, '///', '/'],
  ['a path with a slash at its end', absolutePath, '/data//', '/data'],
  ['a path with blanks', absolutePath, '/my data', '/my data'],
  ['nothing of it', percentage, '0%', 0],
  ['half of it', percentage, '50%', 0.5],
  ['a share with leading zeros', percentage, '007%', 0.07],
  ['all of it', percentage, '100%', 1],
  ['a number of bytes', quantity, '1', 1],
  ['kilobytes', quantity, '2k', 2_000],
  ['megabytes', quantity, '500M', 500_000_000],
  ['gigabytes', quantity, '3G', 3_000_000_000],
  ['terabytes', quantity, '1T', 1_000_000_000_000],
  ['petabytes', quantity, '1P', 1_000_000_000_000_000],
  ['kibibytes', quantity, '2Ki', 2_048],
  ['mebibytes', quantity, '1Mi', 1_048_576],
  ['gibibytes', quantity, '2Gi', 2_147_483_648],
  ['tebibytes', quantity, '1Ti', 2 ** 40],
  ['pebibytes', quantity, '1Pi', 2 ** 50],
  ['a fraction of a size', quantity, '1.5Gi', 1_610_612_736],
  ['a part of a byte as a whole one', quantity, '0.0001k', 1],
  ['an address', url, 'https://hc.example/a?b=c', new URL('https://hc.example/a?b=c')],
  ['an address with a port', url, 'HTTP://[::1]:8080', new URL('http://[::1]:8080/')],
  ['a minute', moment, '2026-11-23T21:30Z', Date.UTC(2026, 10, 23, 21, 30)],
  ['a second', moment, '2026-11-23T21:30:15Z', Date.UTC(2026, 10, 23, 21, 30, 15)],
  ['tenths of a second', moment, '2026-11-23T21:30:15.5Z', Date.UTC(2026, 10, 23, 21, 30, 15, 500)],
  ['a millisecond', moment, '2026-11-23T21:30:15.001Z', Date.UTC(2026, 10, 23, 21, 30, 15, 1)],
  ['a time east of Greenwich', moment, '2026-11-24T03:00+05:30', Date.UTC(2026, 10, 23, 21, 30)],
  ['a time west of Greenwich', moment, '2026-11-23T13:30:00-08:00', Date.UTC(2026, 10, 23, 21, 30)],
  ['the day of a leap year', moment, '2028-02-29T00:00Z', Date.UTC(2028, 1, 29)],
  ['the year 1970', moment, '1970-01-01T00:00Z', 0],
  ['text that fits the expression', pattern('x', /^a+$/), 'aa', 'aa'],
];

for (const [name, kind, from, value] of accepted) {
  test(`${name} is read: ${JSON.stringify(from)}`, () => {
    assert.deepEqual(kind.parse(from), value);
  });
}

const refused: [name: string, kind: Kind<unknown>, text: string][] = [
  ['a duration without a unit', duration(), '5'],
  ['a duration with a fraction', duration(), '1.5h'],
  ['a negative duration', duration(), '-5m'],
  ['a duration in weeks', duration(), '1w'],
  ['two durations', duration(), '1h30m'],
  ['a duration with a blank', duration(), '5 m'],
  ['a duration with ten digits', duration(), '1000000000s'],
  ['a duration with a line break', duration(), '5m\n'],
  ['less than the least duration', duration({ atLeast: 1_000 }), '999ms'],
  ['more than the longest duration', duration({ atMost: 86_400_000 }), '25h'],
  ['a number above the last', port, '65536'],
  ['a number below the first', integer({ from: 1, to: 2 }), '0'],
  ['a negative number', port, '-1'],
  ['a fraction', port, '1.0'],
  ['a hexadecimal number', port, '0x10'],
  ['a number with an exponent', port, '1e3'],
  ['no number', port, ''],
  ['another word', word, 'Fail'],
  ['a part of a word', word, 'fai'],
  ['yes', yesOrNo, 'yes'],
  ['1', yesOrNo, '1'],
  ['TRUE', yesOrNo, 'TRUE'],
  ['two lines', text, 'a\nb'],
  ['a carriage return', text, 'a\r'],
  ['a relative path', absolutePath, 'data'],
  ['a path of two lines', absolutePath, '/a\n/b'],
  ['a share without its sign', percentage, '50'],
  ['a share as a fraction', percentage, '0.5'],
  ['a fraction of a percent', percentage, '0.5%'],
  ['more than all', percentage, '101%'],
  ['a negative share', percentage, '-5%'],
  ['no share', percentage, '%'],
  ['a share with a blank', percentage, '5 %'],
  ['a share with a line break', percentage, '5%\n'],
  ['no bytes', quantity, '0'],
  ['no gibibytes', quantity, '0Gi'],
  ['fewer than no bytes', quantity, '-1'],
  ['a size with a blank', quantity, '2 Gi'],
  ['a size with a small letter', quantity, '2gi'],
  ['a capital K', quantity, '2K'],
  ['bytes with a unit', quantity, '2GB'],
  ['a thousandth', quantity, '500m'],
  ['a size without a number', quantity, 'Gi'],
  ['a size with two points', quantity, '1.5.5Gi'],
  ['a size that no number holds', quantity, '9P'.padStart(8, '9')],
  ['an address of another kind', url, 'ftp://hc.example/'],
  ['an address without a kind', url, 'hc.example/a'],
  ['a path as an address', url, '/a'],
  ['an address with a blank', url, 'http://hc.example/a b'],
  ['an address without a host', url, 'http://'],
  ['an address with a user', url, 'https://borg@hc.example/'],
  ['an address with a password', url, 'https://:hunter2@hc.example/'],
  ['an address with a line break', url, 'https://hc.example/\n'],
  ['a time without its zone', moment, '2026-11-23T21:30:00'],
  ['a day', moment, '2026-11-23'],
  ['a time with a blank', moment, '2026-11-23 21:30Z'],
  ['a time with a small z', moment, '2026-11-23T21:30z'],
  ['a zone without a colon', moment, '2026-11-23T21:30+0100'],
  ['a zone by its name', moment, '2026-11-23T21:30 UTC'],
  ['a zone that is none', moment, '2026-11-23T21:30+24:00'],
  ['seconds since 1970', moment, '1795469400'],
  ['microseconds', moment, '2026-11-23T21:30:00.000001Z'],
  ['a month 13', moment, '2026-13-01T00:00Z'],
  ['a day 0', moment, '2026-11-00T00:00Z'],
  ['an hour 25', moment, '2026-11-23T25:00Z'],
  ['a minute 60', moment, '2026-11-23T21:60Z'],
  ['a time with a line break', moment, '2026-11-23T21:30Z\n'],
  ['text beside the expression', pattern('x', /^a+$/), 'ab'],
];

for (const [name, kind, from] of refused) {
  test(`${name} is refused: ${JSON.stringify(from)}`, () => {
    assert.equal(kind.parse(from), undefined);
  });
}

for (const day of ['2026-02-29', '2026-02-31', '2026-04-31']) {
  test(`a day that no month has is refused: ${day}`, () => {
    assert.equal(moment.parse(`${day}T00:00Z`), undefined);
  });
}

for (const [kind, expects] of [
  [duration(), 'a duration such as 30s, 5m or 2h'],
  [duration({ atLeast: 1_000 }), 'a duration such as 30s, 5m or 2h, at least 1s'],
  [
    duration({ atLeast: 1_000, atMost: 86_400_000 }),
    'a duration such as 30s, 5m or 2h, at least 1s, at most 1d',
  ],
  [port, 'a whole number from 0 to 65535'],
  [percentage, 'a percentage from 0% to 100%'],
  [moment, 'a time with its zone, such as 2026-11-23T21:30:00Z'],
  [choice('a', 'b', 'c'), 'a, b or c'],
  [pattern('an id', /x/), 'an id'],
] as const) {
  test(`what is allowed is said: ${expects}`, () => {
    assert.equal(kind.expects, expects);
  });
}

for (const [milliseconds, shortest] of [
  [0, '0s'],
  [500, '500ms'],
  [1_000, '1s'],
  [1_500, '1500ms'],
  [60_000, '1m'],
  [90_000, '90s'],
  [3_600_000, '1h'],
  [86_400_000, '1d'],
] as const) {
  test(`${milliseconds} ms are written ${shortest} and read as the same`, () => {
    assert.equal(formatDuration(milliseconds), shortest);
    assert.equal(duration().parse(shortest), milliseconds);
  });
}
