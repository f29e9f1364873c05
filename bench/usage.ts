import { readdirSync, readFileSync } from 'node:fs';
import { descendants } from '../test/support/processes.ts';

/** CPU in seconds, and bytes written to disks. */
export type Usage = { readonly cpu: number; readonly written: number };

export const NOTHING: Usage = { cpu: 0, written: 0 };

/** The kernel's unit in /proc/PID/stat on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export function plus(a: Usage, b: Usage): Usage {
  return { cpu: a.cpu + b.cpu, written: a.written + b.written };
}

/** Never below nothing: the counters of /proc have a grain. */
export function minus(a: Usage, b: Usage): Usage {
  return { cpu: Math.max(0, a.cpu - b.cpu), written: Math.max(0, a.written - b.written) };
}

/** A process and all that it has ever started and waited for, or that still runs below it. */
export function usageOfTree(pid: number): Usage {
  const below = descendants(pid).map((child) => usageOf(child.pid));
  return [usageOf(pid), ...below].reduce(plus, NOTHING);
}

/** All that this process has started, except what is at or below these processes. */
export function usageOfChildren(except: readonly number[]): Usage {
  const own = { cpu: reapedCpu(), written: reapedWritten() };
  const left = new Set(except.flatMap((pid) => [pid, ...descendants(pid).map((child) => child.pid)]));
  return descendants(process.pid)
    .filter(({ pid }) => !left.has(pid))
    .map(({ pid }) => usageOf(pid))
    .reduce(plus, own);
}

/** With the children that it has waited for: the kernel adds theirs to both counters. */
function usageOf(pid: number): Usage {
  const [user, system, reapedUser, reapedSystem] = times(pid);
  return {
    cpu: (user + system + reapedUser + reapedSystem) / TICKS_PER_SECOND,
    written: written(`/proc/${pid}/io`),
  };
}

function reapedCpu(): number {
  const [, , user, system] = times(process.pid);
  return (user + system) / TICKS_PER_SECOND;
}

/** What the whole has written but none of its threads. */
function reapedWritten(): number {
  const threads = readdirSync('/proc/self/task').map((id) => written(`/proc/self/task/${id}/io`));
  return written('/proc/self/io') - threads.reduce((sum, bytes) => sum + bytes, 0);
}

/** Own user and system time, then that of the children, in ticks. */
function times(pid: number): [number, number, number, number] {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may contain anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (index: number) => Number(fields[index] ?? 0);
  return [at(11), at(12), at(13), at(14)];
}

/** What was given to the disks' cache, also if it was deleted before it reached them: that is booked on the deleter. */
function written(path: string): number {
  return Number(/^write_bytes: (\d+)/m.exec(read(path))?.[1] ?? 0);
}

/** Nothing of a process that has just ended: its parent has it now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
