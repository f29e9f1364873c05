import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reason } from '../../../sidecar/src/borg/reasons.ts';
import { EXIT, Fatal } from '../../../sidecar/src/lifecycle/exit.ts';
import { NameTaken, Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import {
  ending,
  FakeLifecycle,
  failing,
  INTERVAL,
  live,
  NOTHING_SEEN,
  nothing,
  PRESTOP_SEEN,
  prestop,
  SIGTERM_SEEN,
  sigterm,
} from '../../support/lifecycle.ts';

test('the order gets its time, chance and boot from the world, and no clock that jumps', () => {
  using life = new FakeLifecycle();
  const { host } = life;
  assert.deepEqual(
    [host.now(), host.random(), host.newId(), host.boot],
    [1_234, 0.5, '0123456789abcdef', 'boot'],
  );
});

test('how far the end has come is told as it is now', () => {
  using life = new FakeLifecycle();
  const seen = [life.host.ending];
  life.termination.tellPrestop();
  seen.push(life.host.ending);
  life.termination.tellSigterm();
  assert.deepEqual([...seen, life.host.ending], [NOTHING_SEEN, PRESTOP_SEEN, SIGTERM_SEEN]);
});

describe('before the gate', () => {
  test('what may pass is waited out, longer each time', async () => {
    using life = new FakeLifecycle({ waits: [nothing, nothing, nothing, nothing, nothing] });
    const errors = ['unreachable', 'locked', 'unreachable', 'incomplete'].map((reason) =>
      failing(reason as Reason),
    );
    for (const error of [...errors, new NameTaken('grafana-0000000007')]) {
      await life.host.backOff('start', error, NOTHING_SEEN);
    }
    assert.deepEqual(life.waited, [500, 1_000, 2_000, 4_000, 8_000]);
    assert.deepEqual(
      life.failures.map(({ reason, activity, retryInMs }) => [reason, activity, retryInMs]),
      ['unreachable', 'locked', 'unreachable', 'incomplete', 'archive-exists'].map((reason, at) => {
        return [reason, 'start', life.waited[at]];
      }),
    );
    assert.deepEqual(life.told, ['waiting']);
  });

  test('what has succeeded makes the next wait the shortest again, and is told after a failure only', async () => {
    using life = new FakeLifecycle({ waits: [nothing, nothing, nothing] });
    life.host.recovered();
    await life.host.backOff('start', failing('locked'), NOTHING_SEEN);
    await life.host.backOff('start', failing('locked'), NOTHING_SEEN);
    life.host.recovered();
    life.host.recovered();
    await life.host.backOff('claim', failing('locked'), NOTHING_SEEN);
    assert.deepEqual(life.waited, [500, 1_000, 500]);
    assert.deepEqual(life.told, ['waiting', 'recovered']);
  });

  for (const [atMostMs, waited] of [
    [100, 100],
    [500, 500],
    [501, 500],
    [0, 0],
    [-1, 0],
  ] as const) {
    test(`a wait of 500 ms that may last ${atMostMs} ms lasts ${waited} ms, and says so`, async () => {
      using life = new FakeLifecycle({ waits: [nothing] });
      await life.host.backOff('start', failing('locked'), NOTHING_SEEN, atMostMs);
      assert.deepEqual([life.waited, life.failures[0]?.retryInMs], [[waited], waited]);
    });
  }

  for (const [name, error, code, reason] of [
    ['what a person must correct', failing('auth'), EXIT.person, 'auth'],
    ['a refusal', new Refusal('owners', 'No.'), EXIT.person, 'owners'],
    [
      "the pod's full disk",
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
      EXIT.person,
      'own-disk-full',
    ],
    ["the server's full disk", failing('server-disk-full'), EXIT.person, 'server-disk-full'],
    ['what borg says and nobody foresaw', failing('bug'), EXIT.failed, 'bug'],
    ['a slip of the program', new TypeError('x is not a function'), EXIT.failed, 'bug'],
  ] as const) {
    test(`${name} ends the program with ${code}, also after something that passed`, async () => {
      for (const before of [[], [failing('unreachable')]]) {
        using life = new FakeLifecycle({ waits: before.map(() => nothing) });
        for (const passed of before) {
          await life.host.backOff('start', passed, NOTHING_SEEN);
        }
        await assert.rejects(life.host.backOff('start', error, NOTHING_SEEN), (fatal) => {
          assert.ok(fatal instanceof Fatal);
          assert.deepEqual([fatal.code, fatal.reason, fatal.cause], [code, reason, error]);
          return true;
        });
        assert.deepEqual([life.waited.length, life.failures.length], [before.length, before.length]);
      }
    });
  }

  test('what is fatal already stays what it is', async () => {
    using life = new FakeLifecycle();
    const fatal = new Fatal(EXIT.settings, 'settings', 'No.');
    await assert.rejects(life.host.backOff('start', fatal, NOTHING_SEEN), fatal);
  });

  test('a restore that ends alike three times in a row is not cut off by chance', async () => {
    using life = new FakeLifecycle({ waits: [nothing, nothing] });
    const alike = () => failing('incomplete', 'a lacks 5 bytes');
    await life.host.backOff('start', alike(), NOTHING_SEEN);
    life.host.recovered();
    await life.host.backOff('start', alike(), NOTHING_SEEN);
    await assert.rejects(life.host.backOff('start', alike(), NOTHING_SEEN), {
      ...{ name: 'Fatal', code: EXIT.person, reason: 'incomplete', message: alike().message },
    });
  });

  for (const [name, other] of [
    ['ends otherwise', failing('incomplete', 'b lacks 7 bytes')],
    ['does not end', failing('unreachable')],
  ] as const) {
    test(`a restore that once ${name} is tried again`, async () => {
      using life = new FakeLifecycle({ waits: Array.from({ length: 5 }, () => nothing) });
      const alike = failing('incomplete', 'a lacks 5 bytes');
      for (const error of [alike, alike, other, alike, alike]) {
        await life.host.backOff('start', error, NOTHING_SEEN);
      }
      assert.equal(life.waited.length, 5);
    });
  }

  test('what is no restore may end alike for ever', async () => {
    using life = new FakeLifecycle({ waits: Array.from({ length: 5 }, () => nothing) });
    for (let time = 0; time < 5; time += 1) {
      await life.host.backOff('start', failing('locked', 'timeout'), NOTHING_SEEN);
    }
    assert.equal(life.waited.length, 5);
  });

  test('SIGTERM in a wait ends everything, with its own reason', async () => {
    for (const wait of [
      (life: FakeLifecycle) => life.host.wait(1_000, NOTHING_SEEN),
      (life: FakeLifecycle) => life.host.backOff('start', failing('unreachable'), NOTHING_SEEN),
    ]) {
      using life = new FakeLifecycle({ waits: [sigterm] });
      await assert.rejects(wait(life), (thrown) => thrown === life.termination.sigterm.reason);
      assert.deepEqual(life.woken, [true]);
    }
  });

  for (const error of [failing('ended'), failing('auth'), new TypeError('aborted')]) {
    test(`SIGTERM goes before what it does to a command: ${error.name} ${error.message}`, async () => {
      using life = new FakeLifecycle();
      life.termination.tellSigterm();
      const failed = life.host.backOff('start', error, NOTHING_SEEN);
      await assert.rejects(failed, (thrown) => thrown === life.termination.sigterm.reason);
      assert.deepEqual([life.failures, life.waited], [[], []]);
    });
  }

  test('SIGTERM ends a command, beside the signal that it has', () => {
    using life = new FakeLifecycle();
    const own = new AbortController();
    const [plain, both] = [life.host.until(undefined), life.host.until(own.signal)];
    life.termination.tellPrestop();
    assert.deepEqual([plain.aborted, both.aborted, life.host.over], [false, false, false]);
    own.abort('own');
    assert.deepEqual([plain.aborted, both.reason], [false, 'own']);
    life.termination.tellSigterm();
    assert.deepEqual([plain.aborted, life.host.over], [true, true]);
    assert.equal(life.host.until(new AbortController().signal).reason, life.termination.sigterm.reason);
  });

  test('prestop wakes a wait and ends nothing', async () => {
    using life = new FakeLifecycle({ waits: [prestop, nothing] });
    await life.host.wait(1_000, NOTHING_SEEN);
    await life.host.wait(1_000, PRESTOP_SEEN);
    assert.deepEqual(life.woken, [true, false]);
  });
});

describe('while the application may run', () => {
  for (const error of [failing('quota'), new Refusal('wrong-repository', 'No.')]) {
    test(`what a person must correct is tried again each interval: ${error.name}`, async () => {
      using life = live(nothing, nothing);
      await life.host.backOff('save', error, NOTHING_SEEN);
      await life.host.backOff('save', error, PRESTOP_SEEN);
      assert.deepEqual(life.waited, [INTERVAL, INTERVAL]);
      assert.deepEqual(
        life.failures.map(({ activity, class: kind, retryInMs }) => [activity, kind, retryInMs]),
        [1, 2].map(() => ['save', 'person', INTERVAL]),
      );
    });
  }

  for (const error of [failing('unreachable'), failing('bug'), new TypeError('x'), failing('incomplete')]) {
    test(`what may pass, or is a bug, is tried again soon: ${error.name} ${error.message}`, async () => {
      using life = live(nothing, nothing, nothing);
      for (let time = 0; time < 3; time += 1) {
        await life.host.backOff('save', error, NOTHING_SEEN);
      }
      assert.deepEqual(life.waited, [500, 1_000, 2_000]);
      assert.deepEqual(life.told, ['live']);
    });
  }

  for (const [name, tell, seen] of [
    ['prestop', prestop, PRESTOP_SEEN],
    ['SIGTERM', sigterm, { prestop: false, sigterm: true }],
  ] as const) {
    test(`${name} wakes the wait that it comes into, is not waited past unseen, and wakes no later one`, async () => {
      using life = live(tell, nothing);
      await life.host.wait(INTERVAL, NOTHING_SEEN);
      await life.host.wait(INTERVAL, NOTHING_SEEN);
      await life.host.backOff('save', failing('quota'), NOTHING_SEEN);
      await life.host.wait(INTERVAL, seen);
      assert.deepEqual(
        [life.waited, life.woken],
        [
          [INTERVAL, INTERVAL],
          [true, false],
        ],
      );
    });
  }

  test('who asks to accept wakes one wait, the one that it comes into or the next', async () => {
    const ask = ({ context }: FakeLifecycle) => void context.acceptance.ask();
    using life = live(nothing, ask, nothing, nothing);
    await life.host.wait(INTERVAL, NOTHING_SEEN);
    await life.host.wait(INTERVAL, NOTHING_SEEN);
    // It stays asked, and what fails meanwhile is waited out all the same.
    await life.host.backOff('save', failing('quota'), NOTHING_SEEN);
    assert.deepEqual(life.woken, [false, true, false]);
    life.context.events.emit('accepted', { archive: undefined });
    ask(life);
    await life.host.wait(INTERVAL, NOTHING_SEEN);
    assert.equal(life.waited.length, 3);
    await life.host.wait(INTERVAL, NOTHING_SEEN);
    assert.equal(life.waited.length, 4);
  });

  test('SIGTERM ends no command, and the deadline does', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using life = ending();
    const until = life.host.until(new AbortController().signal);
    assert.deepEqual([until.aborted, life.host.over], [false, false]);
    life.host.throwIfOver();
    t.mock.timers.tick(INTERVAL);
    assert.deepEqual([until.aborted, life.host.over], [true, true]);
    assert.equal(until.reason, life.termination.deadline.reason);
  });
});
