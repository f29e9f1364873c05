import { readFileSync, readlinkSync } from 'node:fs';
import type { Limit } from './limit.ts';
import { type Process, processes } from './processes.ts';
import { until } from './until.ts';

export type Use = Process & { through: 'environment' | 'arguments' | 'working directory' };

/** The processes that know of a directory, this one excepted. */
export function processesUsing(directory: string): Use[] {
  return processes()
    .filter(({ pid }) => pid !== process.pid)
    .flatMap((entry) => {
      const through = howItUses(entry.pid, directory);
      return through === undefined ? [] : [{ ...entry, through }];
    });
}

/** Fails, with their command lines, unless all processes that know of the directory end by themselves. */
export async function untilNoneUses(directory: string, limit: Limit = '5s'): Promise<void> {
  await until(
    () => processesUsing(directory),
    (left) => left.length === 0,
    limit,
  );
}

function howItUses(pid: number, directory: string): Use['through'] | undefined {
  const mentions = (text: string) => text.includes(directory);
  if (mentions(read(() => readFileSync(`/proc/${pid}/environ`, 'latin1')))) return 'environment';
  if (mentions(read(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')))) return 'arguments';
  if (mentions(read(() => readlinkSync(`/proc/${pid}/cwd`)))) return 'working directory';
  return undefined;
}

/** Nothing, for a process that is gone meanwhile or belongs to somebody else. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
