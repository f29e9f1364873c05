/** Middle, lowest and highest of some figures. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), lowest: at(0), highest: at(sorted.length - 1) };
}

/** A figure as it is printed: `1.02 (0.98 to 1.10)`. */
export function show({ median, lowest, highest }: Spread, unit = ''): string {
  return `${median.toFixed(2)}${unit} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`;
}

/** One line of the result, with its budget. */
export function report(what: string, figure: string, budget: string, within: boolean): void {
  console.log(`${within ? 'within' : 'OVER  '}  ${what}: ${figure}; budget ${budget}`);
}
