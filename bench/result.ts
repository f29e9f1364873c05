/** Middle, lowest and highest of some figures. */
interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export type Unit = 's' | 'ms' | 'CPU s' | '×' | '%' | 'MB' | 'MiB' | 'of';

/** A measured value with its unit; `of` counts: 100 of 100. */
export interface Figure extends Spread {
  readonly unit: Unit;
  readonly runs: number;
}

/** What a figure is made of, per run: seconds of CPU, bytes on disks, bytes on the line. */
export interface Parts {
  readonly clientCpu: number;
  /** Both ends: ssh and its sshd. */
  readonly sshCpu: number;
  readonly serverCpu: number;
  readonly nodeWritten: number;
  readonly serverWritten: number;
  readonly sent: number;
  readonly received: number;
  readonly connections: number;
}

/** One way of doing it: ours, or a rival's. */
export interface Measured {
  readonly what: string;
  readonly who: string;
  readonly figure: Figure;
  readonly parts?: Parts;
}

/** A promise, and whether it was kept. */
export interface Verdict {
  readonly what: string;
  readonly figure: Figure;
  readonly budget: string;
  readonly within: boolean;
}

/** All that one case has found out. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
  readonly tookSeconds: number;
  /** Why the case ended early: a fault of the harness or of what it drives, not a budget. */
  readonly failed?: string;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), lowest: at(0), highest: at(sorted.length - 1) };
}

export function figure(unit: Unit, ...values: readonly number[]): Figure {
  return { unit, runs: values.length, ...spread(values) };
}

/** The ratios of what was measured in turn, each with its neighbour: what disturbs the machine disturbs both. */
export function ratio(ours: readonly number[], theirs: readonly number[]): Figure {
  return figure('×', ...ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}

const PARTS = [
  'clientCpu',
  'sshCpu',
  'serverCpu',
  'nodeWritten',
  'serverWritten',
  'sent',
  'received',
  'connections',
] as const satisfies readonly (keyof Parts)[];

/** The middle of each part. */
export function middle(all: readonly Parts[]): Parts {
  const entries = PARTS.map((name) => [name, spread(all.map((parts) => parts[name])).median] as const);
  return Object.fromEntries(entries) as Record<(typeof PARTS)[number], number>;
}
