import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/paths.ts';
import type { Level } from './case.ts';
import type { Machine } from './machine.ts';
import type { Result } from './result.ts';

/** What runs of one level have found, the newest of each case. */
export interface Record {
  readonly level: Level;
  readonly machine: Machine;
  /** Of the last run. */
  readonly command: string;
  readonly date: string;
  readonly results: readonly Dated[];
}

export type Dated = Result & { readonly date: string };

const directory = join(repositoryRoot, 'bench', 'results');

function pathOf(level: Level): string {
  return join(directory, `${level}.json`);
}

async function readRecord(level: Level): Promise<Record | undefined> {
  const text = await readFile(pathOf(level), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Record);
}

/** Replaces what the cases that ran had found before, and keeps the others' if they come from the same machine. */
export async function keepRecord(record: Record, order: readonly string[]): Promise<Record> {
  const old = await readRecord(record.level);
  const same = old !== undefined && JSON.stringify(old.machine) === JSON.stringify(record.machine);
  const ran = new Set(record.results.map(({ name }) => name));
  const kept = same ? old.results.filter(({ name }) => !ran.has(name) && order.includes(name)) : [];
  const results = [...record.results, ...kept].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const whole = { ...record, results };
  await mkdir(directory, { recursive: true });
  await writeFile(pathOf(record.level), `${JSON.stringify(whole, null, 2)}\n`);
  return whole;
}
