import type { Entry, Order } from '../order.ts';

/**
 * Borg's keep rules, with Borg's meaning. `within` is a time span in milliseconds; the others say how many periods are
 * kept, the newest archive of each, where a negative number sets no limit. Borg's `--keep-last` is `secondly`.
 */
export interface KeepRules {
  readonly within?: number | undefined;
  readonly secondly?: number | undefined;
  readonly minutely?: number | undefined;
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
}

/** When an archive was made: milliseconds since 1970, by the clock of whoever made it. */
export interface Moment {
  readonly sequence: number;
  readonly time: number;
}

/** The newest data archives that stay whatever the rules say. */
const NEWEST_KEPT = 3;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A number for the period that a time is in; periods are those of UTC. In Borg's order: a rule sees what earlier ones kept. */
const PERIODS: readonly (readonly [
  rule: Exclude<keyof KeepRules, 'within'>,
  period: (time: number) => number,
])[] = [
  ['secondly', (time) => Math.floor(time / SECOND)],
  ['minutely', (time) => Math.floor(time / MINUTE)],
  ['hourly', (time) => Math.floor(time / HOUR)],
  ['daily', (time) => Math.floor(time / DAY)],
  // Weeks begin on Monday, and 1970 began on a Thursday.
  ['weekly', (time) => Math.floor((Math.floor(time / DAY) + 3) / 7)],
  ['monthly', monthOf],
  // From March to March plus two months is from January to January.
  ['yearly', (time) => Math.floor((monthOf(time) + 2) / 12)],
];

/**
 * Numbers of the data archives that the rules keep, as `borg prune` would where times rise with the numbers.
 *
 * The order is that of the numbers, and times are forced to rise with them. A clock that once was wrong leaves two ways
 * to do so: what follows is at least as late (right if the later clock is slow), or what precedes is at least as early
 * (right if the earlier one was fast). What either way keeps is kept: nothing is deleted for a clock's fault.
 *
 * `within` reaches back from the newest archive, where Borg reaches back from now: never less, and no clock is needed.
 *
 * @param data by rising number
 */
export function keptByRules(data: readonly Moment[], rules: KeepRules): ReadonlySet<number> {
  return new Set([...keepRising(raise(data), rules), ...keepRising(lower(data), rules)]);
}

/**
 * Data archives that a newer one does not descend from, though their numbers are below it: what they hold may be in no
 * other archive. They stay until a person deletes them (`held`), and so do those that passed them over (`above`), which
 * alone tell of it.
 *
 * @param data by rising number
 */
export function findHeld(data: readonly Entry[]): {
  readonly held: readonly Entry[];
  readonly above: readonly Entry[];
} {
  const held = new Set<Entry>();
  const above = new Set<Entry>();
  for (const [at, newer] of data.entries()) {
    const parent = newer.comment.parent.sequence;
    let below = at - 1;
    for (let older = data[below]; older !== undefined && older.sequence > parent; older = data[--below]) {
      held.add(older);
      above.add(newer);
    }
  }
  return { held: data.filter((entry) => held.has(entry)), above: data.filter((entry) => above.has(entry)) };
}

/**
 * Row 28: what to delete by exact name, and what is held for a person to look at. Whether anything may be deleted now is
 * not known here.
 *
 * @param own the number of the own archive, which a list has shown as the newest
 * @param keep without rules no data is deleted
 */
export function chooseDeletions(
  order: Order,
  own: number,
  keep: KeepRules | undefined,
): { readonly names: readonly string[]; readonly held: readonly string[] } {
  const { held, above } = findHeld(order.data);
  const stays = new Set([...order.data.slice(-NEWEST_KEPT), ...held, ...above]);
  const ruled = keep && keptByRules(order.data.map(toMoment), keep);
  const surplus = order.data.filter(
    (entry) => ruled && entry.sequence < own && !stays.has(entry) && !ruled.has(entry.sequence),
  );
  return { names: [...surplus.map(toName), ...recordsBelow(order, own)], held: held.map(toName) };
}

/** Names of the claims and closes below a number: rows 21a and 28. */
export function recordsBelow(order: Order, own: number): readonly string[] {
  return order.records.filter(({ sequence }) => sequence < own).map(toName);
}

/** What `borg prune` keeps of archives whose times rise with their numbers. */
function keepRising(rising: readonly Moment[], rules: KeepRules): ReadonlySet<number> {
  const newestFirst = rising.toReversed();
  const kept = new Set<number>();
  const [newest] = newestFirst;
  if (newest === undefined) {
    return kept;
  }
  const { within = 0 } = rules;
  for (const { sequence } of newestFirst.filter(({ time }) => time > newest.time - within)) {
    kept.add(sequence);
  }
  for (const [rule, period] of PERIODS) {
    keepPeriods(newestFirst, { count: rules[rule] ?? 0, period, kept });
  }
  return kept;
}

/** One rule. An archive that is kept already takes no place of its count, but it stands for its period all the same. */
function keepPeriods(
  newestFirst: readonly Moment[],
  { count, period, kept }: { count: number; period: (time: number) => number; kept: Set<number> },
): void {
  let left = count;
  let last: number | undefined;
  for (const { sequence, time } of left === 0 ? [] : newestFirst) {
    const current = period(time);
    if (current !== last && !kept.has(sequence)) {
      kept.add(sequence);
      left -= 1;
    }
    last = current;
    if (left === 0) {
      return;
    }
  }
  // A rule that has places left keeps the oldest archive, so that it can grow into a later rule's period.
  const oldest = newestFirst.at(-1);
  if (left > 0 && oldest !== undefined) {
    kept.add(oldest.sequence);
  }
}

/** Makes an archive that seems not later than its predecessor just later: by a second, so that `secondly` tells them apart. */
function raise(data: readonly Moment[]): Moment[] {
  let previous = Number.NEGATIVE_INFINITY;
  return data.map(({ sequence, time }) => {
    previous = time > previous ? time : previous + SECOND;
    return { sequence, time: previous };
  });
}

/** Makes an archive that seems not earlier than its successor just earlier. */
function lower(data: readonly Moment[]): Moment[] {
  let next = Number.POSITIVE_INFINITY;
  return data
    .toReversed()
    .map(({ sequence, time }) => {
      next = time < next ? time : next - SECOND;
      return { sequence, time: next };
    })
    .reverse();
}

/** Months of the calendar since March of the year 0: years that begin in March have their leap day at the end. */
function monthOf(time: number): number {
  const days = Math.floor(time / DAY) + 719_468;
  const century4 = Math.floor(days / 146_097);
  const day = days - century4 * 146_097;
  const year = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  );
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  return (century4 * 400 + year) * 12 + Math.floor((5 * dayOfYear + 2) / 153);
}

function toMoment({ sequence, archive: { time } }: Entry): Moment {
  return { sequence, time };
}

function toName({ archive }: Entry): string {
  return archive.name;
}
