import { FENCES } from './mutants/fences.ts';
import type { Mutant } from './mutants/mutant.ts';
import { SAVES } from './mutants/saves.ts';
import { STARTS } from './mutants/starts.ts';

/** One for each rule of the specification. */
export const MUTANTS: readonly Mutant[] = [...STARTS, ...SAVES, ...FENCES].sort(
  (one, other) =>
    Number.parseInt(one.rule, 10) - Number.parseInt(other.rule, 10) || (one.rule < other.rule ? -1 : 1),
);
