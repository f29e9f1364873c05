import {
  type Figure,
  figure,
  type Measured,
  middle,
  type Parts,
  type Result,
  type Verdict,
} from './result.ts';
import { showFigure, showParts } from './show.ts';

/** How long the whole may take: three minutes, three quarters of an hour, or what it takes. */
export type Level = 'quick' | 'full' | 'soak';

export interface Case {
  readonly name: string;
  readonly title: string;
  /** At which levels it runs unasked. */
  readonly levels: readonly Level[];
  run(level: Level, notebook: Notebook): Promise<void>;
}

interface Definition<Size> {
  readonly name: string;
  readonly title: string;
  readonly sizes: Partial<Readonly<Record<Level, Size>>> & { readonly full: Size };
  run(size: Size, notebook: Notebook): Promise<void>;
}

/** A case with its sizes; by name it runs at any level, with the full size where it has none for that. */
export function defineCase<Size>({ name, title, sizes, run }: Definition<Size>): Case {
  const levels = (['quick', 'full', 'soak'] as const).filter((level) => level in sizes);
  return {
    name,
    title,
    levels,
    run: (level, notebook) => run(level in sizes ? (sizes[level] as Size) : sizes.full, notebook),
  };
}

/** Runs of one contender: how long each took, and of what that is made. */
export interface Runs {
  readonly seconds: readonly number[];
  readonly parts: readonly Parts[];
}

/** What a case writes down while it goes; each line is printed at once. */
export class Notebook {
  readonly #measured: Measured[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #notes: string[] = [];
  readonly #began = performance.now();
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Progress, which no report keeps. */
  say(line: string): void {
    this.#print(`        ${line}`);
  }

  measured(what: string, who: string, found: Figure, parts?: Parts): void {
    this.#measured.push({ what, who, figure: found, ...(parts && { parts }) });
    this.#print(
      `        ${what}, ${who}: ${showFigure(found)}${parts ? `\n            ${showParts(parts)}` : ''}`,
    );
  }

  runs(what: string, who: string, { seconds, parts }: Runs): void {
    this.measured(what, who, figure('s', ...seconds), middle(parts));
  }

  /** Holds the middle of the figure against its budget. */
  atMost(what: string, found: Figure, most: number, budget = `at most ${most} ${found.unit}`): void {
    this.#verdict({ what, figure: found, budget, within: found.median <= most });
  }

  /** Every run counts, not only the middle one. */
  never(what: string, found: Figure, most: number, budget = `never above ${most} ${found.unit}`): void {
    this.#verdict({ what, figure: found, budget, within: found.highest <= most });
  }

  /** So many of so many. */
  all(what: string, found: number, of: number): void {
    this.#verdict({ what, figure: figure('of', found), budget: `${of} of ${of}`, within: found === of });
  }

  /** Something to know about the figures above, for every report. */
  note(text: string): void {
    this.#notes.push(text);
    this.#print(`        ${text}`);
  }

  result({ name, title }: Case, failed?: string): Result {
    return {
      name,
      title,
      measured: this.#measured,
      verdicts: this.#verdicts,
      notes: this.#notes,
      tookSeconds: Math.round((performance.now() - this.#began) / 1_000),
      ...(failed !== undefined && { failed }),
    };
  }

  #verdict(verdict: Verdict): void {
    this.#verdicts.push(verdict);
    const { what, figure: found, budget, within } = verdict;
    this.#print(`${within ? 'within' : 'OVER  '}  ${what}: ${showFigure(found)}; budget ${budget}`);
  }
}
