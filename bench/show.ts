import type { Figure, Parts } from './result.ts';

const MB = 1_000_000;

/** A figure as it is printed: `1.02 × (0.98 to 1.10)`. */
export function showFigure({ unit, runs, ...spread }: Figure): string {
  const digits = digitsOf(unit, spread.median);
  const show = (value: number) => value.toFixed(digits);
  const middle = unit === 'of' ? show(spread.median) : `${show(spread.median)} ${unit}`;
  return runs === 1 ? middle : `${middle} (${show(spread.lowest)} to ${show(spread.highest)})`;
}

export function showCpu({ clientCpu, sshCpu, serverCpu }: Parts): string {
  return [clientCpu, sshCpu, serverCpu].map((seconds) => seconds.toFixed(2)).join(' / ');
}

export function showWritten({ nodeWritten, serverWritten }: Parts): string {
  return [nodeWritten, serverWritten].map(showMegabytes).join(' / ');
}

export function showLine({ sent, received }: Parts): string {
  return [sent, received].map(showMegabytes).join(' / ');
}

/** All parts in one line, for the terminal. */
export function showParts(parts: Parts): string {
  return `CPU s client/ssh/server ${showCpu(parts)}, MB written node/server ${showWritten(parts)}, MB sent/received ${showLine(parts)}, ${parts.connections} connections`;
}

function showMegabytes(bytes: number): string {
  const megabytes = bytes / MB;
  return megabytes.toFixed(megabytes < 10 ? 2 : 0);
}

function digitsOf(unit: Figure['unit'], value: number): number {
  if (unit === 'of') return 0;
  if (unit === 'ms') return value < 10 ? 1 : 0;
  if (unit === '×') return value < 0.1 ? 3 : 2;
  return value < 1 ? 3 : value < 100 ? 2 : 0;
}
