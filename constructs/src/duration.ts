import { Duration } from 'cdk8s';

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** A duration as the sidecar's settings spell it: `500ms`, `30s`, `5m`, `2h`, `7d`. */
export function asSetting(duration: Duration): string {
  const milliseconds = duration.toMilliseconds();
  const [letter, size] = UNITS.find(([, each]) => milliseconds >= each && milliseconds % each === 0) ?? [
    'ms',
    1,
  ];
  return `${milliseconds / size}${letter}`;
}

/** Kubernetes counts whole seconds; what is cut off would be missing at the end, so round up. */
export function wholeSeconds(duration: Duration): number {
  return Math.ceil(duration.toSeconds({ integral: false }));
}

/** The sum of durations, in whole seconds. */
export function sum(...durations: Duration[]): Duration {
  return Duration.seconds(durations.reduce((seconds, duration) => seconds + wholeSeconds(duration), 0));
}

/** The sidecar's settings take nothing below a second, and a time-out of zero would never let it start. */
export function atLeastOneSecond(option: string, duration: Duration): Duration {
  if (duration.toMilliseconds() < 1_000) {
    throw new Error(`'${option}' is ${asSetting(duration)}, but must be at least 1s.`);
  }
  return duration;
}
