import type { Kind, Milliseconds } from './kinds.ts';

/** What `PRUNE_FLAGS` says: Borg's keep rules. A negative number of periods sets no limit. */
export interface KeepFlags {
  readonly within?: Milliseconds;
  readonly secondly?: number;
  readonly minutely?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Options that only matter to what Borg prints, as they were written. */
  readonly ignored: readonly string[];
}

type Rule = Exclude<keyof KeepFlags, 'ignored'>;

const KEEP: ReadonlyMap<string, Rule> = new Map([
  ['--keep-within', 'within'],
  ['--keep-last', 'secondly'],
  ['--keep-secondly', 'secondly'],
  ['--keep-minutely', 'minutely'],
  ['--keep-hourly', 'hourly'],
  ['-H', 'hourly'],
  ['--keep-daily', 'daily'],
  ['-d', 'daily'],
  ['--keep-weekly', 'weekly'],
  ['-w', 'weekly'],
  ['--keep-monthly', 'monthly'],
  ['-m', 'monthly'],
  ['--keep-yearly', 'yearly'],
  ['-y', 'yearly'],
]);

const IGNORED: ReadonlySet<string> = new Set([
  ...['-v', '--verbose', '--info', '--debug', '--warning', '--error', '--critical', '--log-json'],
  ...['-s', '--stats', '--quick-stats', '-p', '--progress', '--list', '--iec', '--show-rc', '--show-version'],
  '--save-space',
]);
const IGNORED_WITH_VALUE: ReadonlySet<string> = new Set(['--debug-topic']);

/** Borg's months have 31 days and its years 365. */
const HOURS_PER_UNIT: Readonly<Record<string, number>> = {
  H: 1,
  d: 24,
  w: 7 * 24,
  m: 31 * 24,
  y: 365 * 24,
};
const HOUR = 3_600_000;

/** Borg's keep options, written as for `borg prune`, or `none`: then data is never deleted. */
export const pruneFlags: Kind<KeepFlags | 'none'> = {
  expects:
    "none, or Borg's --keep-within 2d (H, d, w, m, y), --keep-last 3, --keep-secondly, --keep-minutely, --keep-hourly (-H), --keep-daily (-d), --keep-weekly (-w), --keep-monthly (-m), --keep-yearly (-y), at least one of them not 0; beside these only options of what Borg prints",
  parse(text) {
    const words = text.split(/\s+/).filter((word) => word !== '');
    return words.join() === 'none' ? 'none' : readFlags(words);
  },
};

function readFlags(words: readonly string[]): KeepFlags | undefined {
  const rules: { [Name in Rule]?: number } = {};
  const ignored: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const { option, attached } = split(word);
    const rule = KEEP.get(option);
    if (rule !== undefined) {
      const value = readValue(rule, attached?.replace(/^=/, '') ?? rest.shift() ?? '');
      if (value === undefined) {
        return undefined;
      }
      // Of two the last one counts.
      rules[rule] = value;
    } else if (ignore(option, attached, rest)) {
      ignored.push(option);
    } else {
      return undefined;
    }
  }
  return Object.values(rules).some((value) => value !== 0) ? { ...rules, ignored } : undefined;
}

/** The option that a word begins with, and what is written to it without a blank. */
function split(word: string): { option: string; attached: string | undefined } {
  const [, option = '', attached] = /^(--[a-z-]+(?==|$)|-[A-Za-z])(.+)?$/.exec(word) ?? [];
  return { option, attached };
}

/** Passes over an option that only matters to what is printed, with its value; false if it is another one. */
function ignore(option: string, attached: string | undefined, rest: string[]): boolean {
  if (IGNORED_WITH_VALUE.has(option)) {
    return attached !== undefined || rest.shift() !== undefined;
  }
  if (attached !== undefined && !option.startsWith('--')) {
    // Short options without values stand in one word with the next: `-vH4`.
    rest.unshift(`-${attached}`);
  } else if (attached !== undefined) {
    return false;
  }
  return IGNORED.has(option);
}

function readValue(rule: Rule, text: string): number | undefined {
  if (rule !== 'within') {
    return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
  }
  const [, count, unit = ''] = /^\+?(\d{1,9})([Hdwmy])$/.exec(text) ?? [];
  const hours = Number(count) * (HOURS_PER_UNIT[unit] ?? Number.NaN);
  return hours > 0 ? hours * HOUR : undefined;
}
