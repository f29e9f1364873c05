import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BorgError } from '../../../sidecar/src/borg/error.ts';
import type { Reason } from '../../../sidecar/src/borg/reasons.ts';
import { EXIT, Fatal } from '../../../sidecar/src/lifecycle/exit.ts';
import { Refusal } from '../../../sidecar/src/lifecycle/failure.ts';
import { liveUntilSigterm } from '../../../sidecar/src/lifecycle/live.ts';
import type { Termination } from '../../../sidecar/src/lifecycle/termination.ts';
import { FakeLifecycle, FakeSaver } from '../../support/lifecycle.ts';

const INTERVAL = 300_000;
const nothing = () => {};
const sigterm = (termination: Termination) => termination.tellSigterm();
const prestop = (termination: Termination) => termination.tellPrestop();

function failing(reason: Reason): BorgError {
  return new BorgError(reason, { repository: '/r', host: 'nas', port: 22, login: 'nas' });
}

function endings(fake: FakeSaver): string[] {
  return fake.saves.map(({ closing, final }) => (final ? 'final' : closing ? 'closing' : 'ordinary'));
}

describe('while the application runs', () => {
  test('the volume is looked at each interval and saved only if it has changed', async () => {
    using life = new FakeLifecycle(nothing, () => fake.changed(), sigterm);
    const fake = new FakeSaver();
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual(life.waited, [INTERVAL, INTERVAL, INTERVAL]);
    assert.deepEqual([fake.looks, endings(fake)], [4, ['ordinary', 'ordinary']]);
    assert.deepEqual(life.told, ['live', 'stopping']);
  });

  test('what may pass is tried again soon, later each time, and then it works again', async () => {
    using life = new FakeLifecycle(nothing, nothing, nothing, () => fake.changed(), nothing, sigterm);
    const away = failing('unreachable');
    const fake = new FakeSaver(away, away, away, true, away);
    await liveUntilSigterm(life.context, fake.saver);
    // After a success the count begins anew.
    assert.deepEqual(life.waited, [500, 1_000, 2_000, INTERVAL, 500, INTERVAL]);
    assert.deepEqual(life.told, ['live', 'recovered', 'recovered', 'stopping']);
    assert.deepEqual(
      life.failures.map(({ activity, reason, retryInMs }) => [activity, reason, retryInMs]),
      [500, 1_000, 2_000, 500].map((wait) => ['save', 'unreachable', wait]),
    );
  });

  for (const error of [failing('quota'), new Refusal('wrong-repository', 'No.')]) {
    test(`what a person must correct is tried again each interval: ${error.name}`, async () => {
      using life = new FakeLifecycle(nothing, nothing, sigterm);
      const fake = new FakeSaver(error, error);
      await liveUntilSigterm(life.context, fake.saver);
      assert.deepEqual(life.waited, [INTERVAL, INTERVAL, INTERVAL]);
    });
  }

  test('a bug ends nothing', async () => {
    using life = new FakeLifecycle(nothing, sigterm);
    const fake = new FakeSaver(new TypeError('x is not a function'));
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual(life.waited, [500, INTERVAL]);
    assert.deepEqual(
      life.failures.map(({ class: kind }) => kind),
      ['bug'],
    );
  });

  test('an archive that lacks what seemed readable is followed by another at once', async () => {
    using life = new FakeLifecycle(sigterm);
    const fake = new FakeSaver(false, false, true);
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual([life.waited, fake.saves.length], [[INTERVAL], 3]);
  });
});

describe('prestop', () => {
  test('wakes the wait once, and what changes from then on is closing', async () => {
    const changedAnd = (then: (termination: Termination) => void) => (termination: Termination) => {
      fake.changed();
      then(termination);
    };
    using life = new FakeLifecycle(changedAnd(prestop), changedAnd(nothing), changedAnd(sigterm));
    const fake = new FakeSaver();
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual(endings(fake), ['ordinary', 'closing', 'closing', 'final']);
    assert.deepEqual(life.waited, [INTERVAL, INTERVAL, INTERVAL]);
  });

  test('during a save is followed by another look at once', async () => {
    using life = new FakeLifecycle(sigterm);
    const fake = new FakeSaver();
    const { save } = fake;
    fake.save = (...args) => {
      life.termination.tellPrestop();
      return save.apply(fake, args);
    };
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual([fake.looks, life.waited], [3, [INTERVAL]]);
  });
});

describe('the end', () => {
  test('without a change needs no save', async () => {
    using life = new FakeLifecycle(sigterm);
    const fake = new FakeSaver();
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual([fake.looks, endings(fake)], [2, ['ordinary']]);
  });

  test('before the first look still looks', async () => {
    using life = new FakeLifecycle();
    life.termination.tellSigterm();
    const fake = new FakeSaver();
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual(endings(fake), ['final']);
  });

  test('in a wait for the server begins the final save at once', async () => {
    using life = new FakeLifecycle(sigterm);
    const fake = new FakeSaver(failing('unreachable'));
    await liveUntilSigterm(life.context, fake.saver);
    assert.deepEqual([life.waited, endings(fake)], [[500], ['ordinary', 'final']]);
    assert.deepEqual(life.told, ['live', 'stopping', 'recovered']);
  });

  for (const reason of ['unreachable', 'quota', 'bug'] as const) {
    test(`is tried again after "${reason}", with the back-off`, async () => {
      using life = new FakeLifecycle(nothing, nothing);
      life.termination.tellSigterm();
      const fake = new FakeSaver(failing(reason), failing(reason));
      await liveUntilSigterm(life.context, fake.saver);
      assert.deepEqual(
        [life.waited, endings(fake)],
        [
          [500, 1_000],
          ['final', 'final', 'final'],
        ],
      );
      assert.deepEqual(
        life.failures.map(({ activity }) => activity),
        ['final save', 'final save'],
      );
    });
  }

  test('is given up at once where the volume or the repository is another', async () => {
    using life = new FakeLifecycle();
    life.termination.tellSigterm();
    const fake = new FakeSaver(new Refusal('volume-vanished', 'The volume is gone.'));
    await assert.rejects(liveUntilSigterm(life.context, fake.saver), (error) => {
      assert.ok(error instanceof Fatal);
      assert.deepEqual([error.code, error.reason], [EXIT.failed, 'volume-vanished']);
      assert.equal(
        error.message,
        'The final save failed, so the newest changes are lost with this pod. The volume is gone.',
      );
      return true;
    });
    assert.equal(fake.saves.length, 1);
  });
});

describe('the deadline', () => {
  test('in a wait ends the tries, with what they failed of', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using life = new FakeLifecycle(() => t.mock.timers.tick(INTERVAL));
    life.termination.tellSigterm();
    const fake = new FakeSaver(failing('unreachable'));
    await assert.rejects(liveUntilSigterm(life.context, fake.saver), {
      ...{ name: 'Fatal', code: EXIT.failed, reason: 'unreachable' },
    });
  });

  test('in the first try is itself the reason', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using life = new FakeLifecycle();
    life.termination.tellSigterm();
    const fake = new FakeSaver();
    fake.save = async () => {
      t.mock.timers.tick(INTERVAL);
      throw life.termination.deadline.reason;
    };
    await assert.rejects(liveUntilSigterm(life.context, fake.saver), {
      ...{ name: 'Fatal', code: EXIT.failed, reason: 'deadline' },
      message:
        'The final save failed, so the newest changes are lost with this pod. The time for the last save, FINAL_BACKUP_TIMEOUT, is over.',
    });
  });

  test('says more than what had failed before it worked again', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using life = new FakeLifecycle(nothing, (termination) => {
      fake.changed();
      termination.tellSigterm();
    });
    const fake = new FakeSaver(failing('unreachable'));
    const { save } = fake;
    fake.save = (fingerprint, ending) => {
      if (!ending.final) {
        return save.call(fake, fingerprint, ending);
      }
      t.mock.timers.tick(INTERVAL);
      return Promise.reject(life.termination.deadline.reason);
    };
    await assert.rejects(liveUntilSigterm(life.context, fake.saver), { reason: 'deadline' });
  });

  test('in a later try says less than what failed before', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using life = new FakeLifecycle(nothing);
    life.termination.tellSigterm();
    const fake = new FakeSaver();
    fake.save = async () => {
      if (life.waited.length === 0) {
        throw failing('unreachable');
      }
      t.mock.timers.tick(INTERVAL);
      throw life.termination.deadline.reason;
    };
    await assert.rejects(liveUntilSigterm(life.context, fake.saver), { reason: 'unreachable' });
  });
});
