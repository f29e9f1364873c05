/** `npm run bench`: what the sidecar costs, beside what it replaces and what one could use instead. */
import { writeFile } from 'node:fs/promises';
import { type Case, type Level, Notebook } from './case.ts';
import { CASES } from './cases.ts';
import { machine } from './machine.ts';
import { parseOptions } from './options.ts';
import { publish } from './publish.ts';
import { type Dated, keepRecord } from './record.ts';
import { buildLitestream, installRivals } from './setup.ts';

const names = CASES.map(({ name }) => name);

async function main(args: readonly string[]): Promise<void> {
  const { level, only, json } = parseOptions(args, names);
  await installRivals(say);
  const { version, missing } = await buildLitestream(say);
  if (missing !== undefined) say(`Without litestream: ${missing}.`);
  const results: Dated[] = [];
  for (const each of CASES.filter(({ name, levels }) =>
    only.length > 0 ? only.includes(name) : levels.includes(level),
  )) {
    results.push({ ...(await run(each, level)), date: new Date().toISOString() });
  }
  const command = ['npm run bench', ...(level === 'full' ? [] : ['--', `--${level}`])].join(' ');
  const found = { level, command, date: new Date().toISOString(), machine: await machine(version), results };
  const page = await publish(await keepRecord(found, names));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(found, null, 2)}\n`);
  summarise(results, page);
}

async function run(each: Case, level: Level) {
  say(`\n${each.name}: ${each.title}`);
  const notebook = new Notebook(say);
  try {
    await each.run(level, notebook);
    return notebook.result(each);
  } catch (error) {
    say(`FAILED  ${error instanceof Error ? error.stack : error}`);
    return notebook.result(each, error instanceof Error ? error.message : String(error));
  }
}

function summarise(results: readonly Dated[], page: string | undefined): void {
  const over = results.flatMap(({ verdicts }) => verdicts).filter(({ within }) => !within);
  const failed = results.filter((result) => result.failed !== undefined);
  say('');
  for (const { what } of over) say(`OVER    ${what}`);
  for (const { name } of failed) say(`FAILED  ${name}`);
  say(`${results.length} cases, ${over.length} budgets exceeded, ${failed.length} cases ended early.`);
  if (page !== undefined) say(`${page} has the tables.`);
  // Over a budget is a finding, not a fault of this program.
  if (failed.length > 0) process.exitCode = 1;
}

function say(line: string): void {
  console.log(line);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
