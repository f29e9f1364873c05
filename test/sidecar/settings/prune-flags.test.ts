import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeepRules } from '../../../sidecar/src/lineage/rows/retention.ts';
import { type KeepFlags, pruneFlags } from '../../../sidecar/src/settings/prune-flags.ts';

const HOUR = 3_600_000;

const rules: [text: string, rules: Omit<KeepFlags, 'ignored'>][] = [
  ['--keep-minutely 4 -H 4 -d 7 -w 4 -m 2', { minutely: 4, hourly: 4, daily: 7, weekly: 4, monthly: 2 }],
  ['--keep-last 3', { secondly: 3 }],
  ['--keep-secondly=3', { secondly: 3 }],
  ['--keep-minutely=3', { minutely: 3 }],
  ['--keep-hourly=3', { hourly: 3 }],
  ['--keep-daily 3', { daily: 3 }],
  ['--keep-weekly 3', { weekly: 3 }],
  ['--keep-monthly 3', { monthly: 3 }],
  ['--keep-yearly 3', { yearly: 3 }],
  ['-H4 -d7 -w4 -m2 -y1', { hourly: 4, daily: 7, weekly: 4, monthly: 2, yearly: 1 }],
  ['-H=4 -y=1', { hourly: 4, yearly: 1 }],
  ['-H -1', { hourly: -1 }],
  ['-H-1', { hourly: -1 }],
  ['--keep-daily=-1', { daily: -1 }],
  ['-d +7', { daily: 7 }],
  ['-d 007', { daily: 7 }],
  ['-d 0 -w 1', { daily: 0, weekly: 1 }],
  ['-d 7 --keep-daily 2', { daily: 2 }],
  ['--keep-last 1 --keep-secondly 2', { secondly: 2 }],
  ['--keep-within 2H', { within: 2 * HOUR }],
  ['--keep-within=2d', { within: 48 * HOUR }],
  ['--keep-within 1w', { within: 7 * 24 * HOUR }],
  ['--keep-within 1m', { within: 31 * 24 * HOUR }],
  ['--keep-within 1y', { within: 365 * 24 * HOUR }],
  ['  -d\t7\n-w  4 ', { daily: 7, weekly: 4 }],
];

for (const [text, expected] of rules) {
  test(`PRUNE_FLAGS ${JSON.stringify(text)} is read as Borg reads it`, () => {
    assert.deepEqual(pruneFlags.parse(text), { ...expected, ignored: [] });
  });
}

const passedOver: [text: string, ignored: string[]][] = [
  ['--list -d 7', ['--list']],
  ['-d 7 --list', ['--list']],
  ['-v --verbose --info --debug --warning --error --critical -d 7', []],
  ['-s --stats --quick-stats -p --progress --iec --log-json -d 7', []],
  ['--show-rc --show-version --save-space -d 7', []],
  ['-vsp -d 7', ['-v', '-s', '-p']],
  ['-vd7', ['-v']],
  ['-pd 7', ['-p']],
  ['--debug-topic repository -d 7', ['--debug-topic']],
  ['--debug-topic=repository -d 7', ['--debug-topic']],
];

for (const [text, ignored] of passedOver) {
  test(`PRUNE_FLAGS ${text}: what Borg prints does not matter, and is named`, () => {
    const all = ignored.length > 0 ? ignored : text.split(' ').slice(0, -2);
    assert.deepEqual(pruneFlags.parse(text), { daily: 7, ignored: all });
  });
}

for (const text of ['none', ' none\n']) {
  test(`PRUNE_FLAGS ${JSON.stringify(text)} turns retention off`, () => {
    assert.equal(pruneFlags.parse(text), 'none');
  });
}

const refused: Record<string, string[]> = {
  'no rule at all': ['', ' ', '--list', '-v -s', '-d 0', '--keep-last 0 -H0', 'NONE', 'no'],
  'none and something else': ['none -d 7', '-d 7 none', 'nonenone'],
  'a choice of archives': ['-P x -d 7', '--prefix=x -d 7', '-a x -d 7', '--glob-archives x -d 7', '-Px -d 7'],
  'what would change the command': ['--dry-run -d 7', '-n -d 7', '-vn -d 7', '--force -d 7', '-c 60 -d 7'],
  'what belongs into other settings': ['--lock-wait 9 -d 7', '--remote-path=borg1 -d 7', '--umask 077 -d 7'],
  'rules that the predecessor did not have': ['--keep-13weekly 1', '--keep-3monthly=1'],
  'no option': ['7', '-d 7 8', '-d 7 --', '-', '-d 7 -', 'keep-daily 7', '::x -d 7', '--keep-daily -d'],
  'an abbreviation': ['--keep-d 7', '--li -d 7', '-keep-daily 7'],
  'a value where none belongs': ['--list=yes -d 7', '--stats=1 -d 7', '-v=1 -d 7', '-v1 -d 7'],
  'no value': ['-d', '--keep-daily', '--keep-daily=', '-d 7 -H', '-d 7 -H --list', '-d 7 --debug-topic'],
  'no number': ['-d x', '-d 7x', '-d 1.5', '-d=', '-d --7', '-d 0x7', '-d 7,', '-d 1e2', '-d "7"', '-d 7;x'],
  'no time span': [
    ...['2', 'd', '0d', '-2d', '2D', '2h', '2s', '1.5d', '2dd', '=2d'].map((span) => `--keep-within ${span}`),
    '--keep-within 2 d',
  ],
  'names of objects': ['constructor -d 7', '--constructor -d 7', '--keep-within 1constructor'],
};

for (const [what, texts] of Object.entries(refused)) {
  for (const text of texts) {
    test(`PRUNE_FLAGS may not be ${JSON.stringify(text)}: ${what}`, () => {
      assert.equal(pruneFlags.parse(text), undefined);
    });
  }
}

test('what PRUNE_FLAGS says is what retention takes', () => {
  const flags = pruneFlags.parse('-d 7');
  const keep: KeepRules | undefined = flags === 'none' ? undefined : flags;
  assert.equal(keep?.daily, 7);
});

test('a person is told every rule, and none', () => {
  for (const word of [
    'within',
    'last',
    'secondly',
    'minutely',
    'hourly',
    'daily',
    'weekly',
    'monthly',
    'yearly',
  ]) {
    assert.match(pruneFlags.expects, new RegExp(`--keep-${word}\\b`));
  }
  assert.match(pruneFlags.expects, /^none, /);
});
