import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, type Schedule } from './faults/schedule.ts';
import { MUTANTS } from './mutants.ts';
import { chooseSeed, search } from './search.ts';

const SCHEDULES = 20_000;
/** Rules whose lack a few schedules at random show. */
const QUICK = ['3', '13', '17', '22', '25'];
const FEW = 3_000;

/** What random schedules have found, as they found it. */
const REGRESSIONS: readonly { name: string; schedule: Schedule }[] = [
  {
    name: 'SIGTERM and its deadline while a close from before the last write is being made',
    schedule: { setup: 0, families: 20_592, ending: 0, events: [318_492, 155_648, 189_628, 71_183, 0] },
  },
];

for (const { name, schedule } of REGRESSIONS) {
  test(`found once: ${name}`, async () => {
    assert.equal((await play(schedule, {})).violation, undefined);
  });
}

test(`${SCHEDULES} schedules at random break no promise`, async (t) => {
  const seed = chooseSeed(process.env.FC_SEED);
  const path = process.env.FC_PATH;
  t.diagnostic(`FC_SEED=${seed}`);
  const found = await search({ runs: SCHEDULES, seed, path });
  const again = found && `see it again with FC_SEED=${found.seed} FC_PATH=${found.path}`;
  assert.equal(found, undefined, `${found?.rule}: ${again}\n${found?.trace}`);
});

for (const { rule, title, mutation } of MUTANTS.filter(({ rule }) => QUICK.includes(rule))) {
  test(`schedules at random find out without rule ${rule}: ${title}`, async () => {
    const found = await search({ runs: FEW, seed: chooseSeed(undefined), mutation, shrinks: false });
    assert.notEqual(found, undefined);
  });
}
