import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BorgError } from '../../../sidecar/src/borg/error.ts';
import type { Reason } from '../../../sidecar/src/borg/reasons.ts';
import { EXIT, Fatal } from '../../../sidecar/src/lifecycle/exit.ts';
import { Refusal } from '../../../sidecar/src/lifecycle/failure.ts';
import { untilDone } from '../../../sidecar/src/lifecycle/retry.ts';
import { FakeLifecycle } from '../../support/lifecycle.ts';

const nothing = () => {};

function failing(reason: Reason): BorgError {
  return new BorgError(reason, { repository: '/r', host: 'nas', port: 22, login: 'nas' });
}

/** A step that fails with each of the errors in turn, and then succeeds. */
function step(...errors: unknown[]): () => Promise<string> {
  return async () => {
    if (errors.length > 0) {
      throw errors.shift();
    }
    return 'done';
  };
}

test('a step that succeeds is done', async () => {
  using life = new FakeLifecycle();
  assert.equal(await untilDone(life.context, step()), 'done');
  assert.deepEqual([life.waited, life.told], [[], []]);
});

test('what may pass is waited out, longer each time', async () => {
  using life = new FakeLifecycle(nothing, nothing, nothing, nothing);
  const errors = ['unreachable', 'locked', 'unreachable', 'incomplete'] as const;
  assert.equal(await untilDone(life.context, step(...errors.map(failing))), 'done');
  assert.deepEqual(life.waited, [500, 1_000, 2_000, 4_000]);
  assert.deepEqual(
    life.failures.map(({ reason, activity, retryInMs }) => [reason, activity, retryInMs]),
    errors.map((reason, at) => [reason, 'start', life.waited[at]]),
  );
  assert.deepEqual(life.told, ['waiting']);
});

test('the next step begins with the shortest wait again', async () => {
  using life = new FakeLifecycle(nothing, nothing, nothing);
  await untilDone(life.context, step(failing('locked'), failing('locked')));
  await untilDone(life.context, step(failing('locked')));
  assert.deepEqual(life.waited, [500, 1_000, 500]);
});

for (const [name, error, code, reason] of [
  ['what a person must correct', failing('auth'), EXIT.person, 'auth'],
  ['a refusal', new Refusal('owners', 'No.'), EXIT.person, 'owners'],
  ["the pod's full disk", Object.assign(new Error('full'), { code: 'ENOSPC' }), EXIT.person, 'own-disk-full'],
  ['what borg says and nobody foresaw', failing('bug'), EXIT.failed, 'bug'],
  ['a slip of the program', new TypeError('x is not a function'), EXIT.failed, 'bug'],
] as const) {
  test(`${name} ends the program with ${code}`, async () => {
    using life = new FakeLifecycle();
    await assert.rejects(untilDone(life.context, step(error)), (fatal) => {
      assert.ok(fatal instanceof Fatal);
      assert.deepEqual([fatal.code, fatal.reason, fatal.cause], [code, reason, error]);
      return true;
    });
    assert.deepEqual([life.waited, life.failures], [[], []]);
  });
}

test('a person is needed also after something that passed', async () => {
  using life = new FakeLifecycle(nothing);
  await assert.rejects(untilDone(life.context, step(failing('unreachable'), failing('damaged'))), {
    ...{ name: 'Fatal', reason: 'damaged' },
  });
});

test('what is fatal already stays what it is', async () => {
  using life = new FakeLifecycle();
  const fatal = new Fatal(EXIT.settings, 'settings', 'No.');
  await assert.rejects(untilDone(life.context, step(fatal)), fatal);
});

test('SIGTERM in a wait ends it, with the reason of SIGTERM', async () => {
  using life = new FakeLifecycle((termination) => termination.tellSigterm());
  let steps = 0;
  const failed = untilDone(life.context, async () => {
    steps += 1;
    throw failing('unreachable');
  });
  await assert.rejects(failed, (error) => error === life.termination.sigterm.reason);
  assert.equal(steps, 1);
});

for (const error of [failing('ended'), failing('auth'), new TypeError('aborted')]) {
  test(`SIGTERM goes before what it does to the step: ${error.name}`, async () => {
    using life = new FakeLifecycle();
    const failed = untilDone(life.context, async () => {
      life.termination.tellSigterm();
      throw error;
    });
    await assert.rejects(failed, (thrown) => thrown === life.termination.sigterm.reason);
    assert.deepEqual([life.failures, life.waited], [[], []]);
  });
}
