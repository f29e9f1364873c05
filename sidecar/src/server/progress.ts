/** How far a restore is; what is not known yet is absent. */
export interface RestoreProgress {
  readonly percent: number | undefined;
  /** Entries begun, and those that the archive holds: without directories before its list is there. */
  readonly entries: number;
  readonly ofEntries: number | undefined;
  /** Bytes written, which only the archive's list tells, and those that the archive holds. */
  readonly bytes: number | undefined;
  readonly ofBytes: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** The same for a person: `38 %, 1900 of 5000 entries, 95 of 250 MB, 12 MB/s, 13 s left`. */
export function describeProgress(progress: RestoreProgress): string {
  const { percent, entries, ofEntries, bytes, ofBytes, bytesPerSecond, secondsLeft } = progress;
  return [
    ...(percent === undefined ? [] : [`${percent} %`]),
    `${entries} of ${ofEntries ?? '?'} entries`,
    ...(ofBytes === undefined ? [] : [amount(bytes, ofBytes)]),
    ...(bytesPerSecond === undefined ? [] : [`${amount(bytesPerSecond)}/s`]),
    ...(secondsLeft === undefined ? [] : [`${span(secondsLeft)} left`]),
  ].join(', ');
}

const UNITS = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

/** Both in the unit of the larger one. */
function amount(bytes: number | undefined, of?: number): string {
  const [unit, size] = UNITS.find(([, size]) => (of ?? bytes ?? 0) >= size) ?? ['bytes', 1];
  const text = (value: number | undefined) => (value === undefined ? '?' : short(value / size));
  return `${text(bytes)}${of === undefined ? '' : ` of ${text(of)}`} ${unit}`;
}

function short(value: number): string {
  return String(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}

function span(seconds: number): string {
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
