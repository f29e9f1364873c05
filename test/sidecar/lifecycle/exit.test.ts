import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT } from '../../../sidecar/src/lifecycle/exit.ts';
import { Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import {
  ending,
  type FakeLifecycle,
  failing,
  INTERVAL,
  NOTHING_SEEN,
  nothing,
  SIGTERM_SEEN,
} from '../../support/lifecycle.ts';

const sentence = 'The final save failed, so the newest changes are lost with this pod.';
const forkSentence =
  'The fork could not be saved, so the changes of this fenced writer are lost with this pod.';
const failed = ({ host }: FakeLifecycle, error: unknown) => host.backOff('final save', error, SIGTERM_SEEN);

for (const reason of ['unreachable', 'quota', 'bug'] as const) {
  test(`the final save is tried again after "${reason}", with the back-off`, async () => {
    using life = ending(nothing, nothing);
    await failed(life, failing(reason));
    await failed(life, failing(reason));
    assert.deepEqual(
      [life.waited, life.woken],
      [
        [500, 1_000],
        [false, false],
      ],
    );
    assert.deepEqual(
      life.failures.map(({ activity }) => activity),
      ['final save', 'final save'],
    );
  });
}

for (const [name, seen] of [
  ['in it', SIGTERM_SEEN],
  ['before SIGTERM', NOTHING_SEEN],
] as const) {
  test(`a refusal of a save that began ${name} ends everything at once`, async () => {
    using life = ending();
    const refused = life.host.backOff('final save', new Refusal('volume-vanished', 'It is gone.'), seen);
    await assert.rejects(refused, {
      ...{ name: 'Fatal', code: EXIT.failed, reason: 'volume-vanished' },
      message: `${sentence} It is gone.`,
    });
    assert.deepEqual([life.waited, life.failures], [[], []]);
  });
}

test('the deadline ends the tries, with what they failed of', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  using life = ending(nothing, () => t.mock.timers.tick(INTERVAL));
  await failed(life, failing('quota'));
  const error = failing('unreachable');
  const expected = { name: 'Fatal', code: EXIT.failed, reason: 'unreachable' };
  await assert.rejects(failed(life, error), { ...expected, message: `${sentence} ${error.message}` });
  assert.deepEqual(life.woken, [false, true]);
  // A try that the deadline has ended says less than the one before.
  await assert.rejects(failed(life, life.termination.deadline.reason), expected);
  assert.throws(() => life.host.throwIfOver(), expected);
});

test('the deadline in the first try, or after one that succeeded, is itself the reason', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  using life = ending(nothing);
  await failed(life, failing('unreachable'));
  life.host.recovered();
  t.mock.timers.tick(INTERVAL);
  const expected = {
    ...{ name: 'Fatal', code: EXIT.failed, reason: 'deadline' },
    message: `${sentence} The time for the last save, FINAL_BACKUP_TIMEOUT, is over.`,
  };
  await assert.rejects(failed(life, failing('ended')), expected);
  await assert.rejects(life.host.wait(1, SIGTERM_SEEN), expected);
});

test('a writer that is fenced has an end of its own', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  using life = ending(() => t.mock.timers.tick(INTERVAL));
  life.host.fenced = true;
  const code = EXIT.fenced;
  await assert.rejects(failed(life, new Refusal('wrong-repository', 'No.')), {
    ...{ name: 'Fatal', code, reason: 'wrong-repository', message: `${forkSentence} No.` },
  });
  const error = failing('unreachable');
  await assert.rejects(failed(life, error), { code, message: `${forkSentence} ${error.message}` });
});
