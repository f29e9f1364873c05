import fc from 'fast-check';
import { play, type Schedule, schedules } from './faults/schedule.ts';
import { traceInto } from './trace.ts';
import type { Mutation } from './world/cluster.ts';

/** A broken promise, and how to see it again. */
export interface Finding {
  readonly seed: number;
  readonly path: string;
  /** Schedules until it was found. */
  readonly runs: number;
  readonly rule: string;
  /** The smallest schedule that was found, step by step. */
  readonly trace: string;
}

export interface SearchOptions {
  readonly runs: number;
  readonly seed: number;
  /** Where a search with this seed found something. */
  readonly path?: string | undefined;
  readonly mutation?: Mutation;
  /** Whether the schedule that breaks a promise is made smaller. */
  readonly shrinks?: boolean;
}

/** Plays schedules at random until one breaks a promise. */
export async function search(options: SearchOptions): Promise<Finding | undefined> {
  const { runs, seed, path, mutation = {}, shrinks = true } = options;
  const property = fc.asyncProperty(schedules(), async (schedule) => {
    const { violation } = await play(schedule, mutation);
    if (violation !== undefined) {
      throw new Error(`${violation.rule} (${violation.detail})`);
    }
  });
  const how = { numRuns: runs, seed, endOnFailure: !shrinks, ...(path === undefined ? {} : { path }) };
  const { failed, counterexample, counterexamplePath, numRuns } = await fc.check(property, how);
  if (!failed || counterexample === null) {
    return undefined;
  }
  const [schedule] = counterexample;
  const { rule, trace } = await retell(schedule, mutation);
  return { seed, path: counterexamplePath ?? '', runs: numRuns, rule, trace };
}

/** A seed that differs from time to time, unless the environment names one. */
export function chooseSeed(named: string | undefined): number {
  return named === undefined ? (Date.now() ^ (process.pid << 16)) | 0 : Number(named);
}

async function retell(schedule: Schedule, mutation: Mutation): Promise<{ rule: string; trace: string }> {
  const lines: string[] = [];
  const { violation } = await play(schedule, mutation, (cluster) => traceInto(lines, cluster));
  const rule = violation?.rule ?? 'it does not happen again: the simulation is not deterministic';
  return { rule, trace: [...lines, JSON.stringify(schedule)].join('\n') };
}
