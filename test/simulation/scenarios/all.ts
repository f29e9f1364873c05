import { FENCES } from './fences.ts';
import { SAVES } from './saves.ts';
import type { Scenario } from './scenario.ts';
import { STARTS } from './starts.ts';

/** The numbered schedules of the specification, in their order. */
export const SCENARIOS: readonly Scenario[] = [...STARTS, ...SAVES, ...FENCES].sort(
  (one, other) =>
    Number.parseInt(one.rule, 10) - Number.parseInt(other.rule, 10) || (one.rule < other.rule ? -1 : 1),
);
