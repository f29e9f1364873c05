import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

export type Process = { pid: number; parent: number; state: string; command: string };

/** Every process of the machine that is still there when it is read; no zombies. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined)
    .filter((entry) => !'ZX'.includes(entry.state));
}

export function descendants(pid: number): Process[] {
  const all = processes();
  const found: Process[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Ends everything below `pid`, which itself goes on (or is ended too, last). Returns what was below. */
export async function killTree(pid: number, { self }: { self: boolean }): Promise<Process[]> {
  // Whoever runs may fork between the look and the blow, so everything is stopped first.
  signal(pid, 'SIGSTOP');
  let tree = [...alone(pid), ...descendants(pid)];
  while (tree.some(({ state }) => state !== 'T' && state !== 't')) {
    for (const entry of tree) signal(entry.pid, 'SIGSTOP');
    await turn();
    tree = [...alone(pid), ...descendants(pid)];
  }
  const found = tree.filter((entry) => entry.pid !== pid);
  for (const entry of found) signal(entry.pid, 'SIGKILL');
  signal(pid, self ? 'SIGKILL' : 'SIGCONT');
  return found;
}

/** False if the process is gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function alone(pid: number): Process[] {
  const entry = readProcess(pid);
  return entry === undefined || 'ZX'.includes(entry.state) ? [] : [entry];
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain anything, parentheses too.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return { pid, parent: Number(parent), state, command };
  } catch {
    return undefined;
  }
}
