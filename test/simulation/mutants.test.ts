import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MUTANTS } from './mutants.ts';
import { SCENARIOS } from './scenarios/all.ts';

describe('each rule of the specification is needed', () => {
  for (const { rule, title, mutation } of MUTANTS) {
    test(`${rule}: ${title}`, async () => {
      const scenario = SCENARIOS.find((each) => each.rule === rule);
      assert.ok(scenario, rule);
      await assert.rejects(scenario.play(mutation), { name: 'AssertionError' });
    });
  }

  test('and no scenario is without its mutant', () => {
    const rules = MUTANTS.map(({ rule }) => rule);
    assert.deepEqual(
      SCENARIOS.map(({ rule }) => rule).filter((rule) => !rules.includes(rule)),
      [],
    );
  });
});
