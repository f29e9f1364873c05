import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.ts';
import { chooseSeed, type Finding, search } from './search.ts';

/** Schedules between two signs of life. */
const PORTION = 20_000;
const NANOSECONDS = 1e9;

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});
const seed = chooseSeed(values.seed);
const schedules = Number(values.schedules);

if (values.mutants) {
  await findMutants(Math.min(schedules, 100_000));
} else {
  await playAll();
}

/** A night's run: as many schedules as are asked for, or until one breaks a promise. */
async function playAll(): Promise<void> {
  const began = process.hrtime.bigint();
  for (let played = 0, portion = 0; played < schedules; portion += 1) {
    const runs = Math.min(PORTION, schedules - played);
    const found = await search({ runs, seed: seed + portion, path: values.path });
    if (found !== undefined) {
      tell(describe(found));
      process.exitCode = 1;
      return;
    }
    played += runs;
    const seconds = Number(process.hrtime.bigint() - began) / NANOSECONDS;
    tell(`${played} of ${schedules} schedules, ${Math.round(played / seconds)} a second, seed ${seed}`);
  }
}

/** How many schedules it takes to find what each rule is for, as a table. */
async function findMutants(most: number): Promise<void> {
  tell('| rule | without it | schedules until found | promise |\n|---|---|---|---|');
  for (const { rule, title, mutation } of MUTANTS) {
    const found = await search({ runs: most, seed, mutation, shrinks: false });
    const runs = found === undefined ? `rare (more than ${most})` : String(found.runs);
    tell(`| ${rule} | ${title} | ${runs} | ${found?.rule ?? ''} |`);
  }
}

function describe({ rule, seed, path, trace }: Finding): string {
  return `${trace}\n${rule}\nSee it again with --seed ${seed} --path ${path} (or FC_SEED and FC_PATH of random.test.ts).`;
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
