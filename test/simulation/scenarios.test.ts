import { describe, test } from 'node:test';
import { SCENARIOS } from './scenarios/all.ts';

describe('the schedules of the specification', () => {
  for (const { rule, title, play } of SCENARIOS) {
    test(`${rule}: ${title}`, async () => await play());
  }
});
