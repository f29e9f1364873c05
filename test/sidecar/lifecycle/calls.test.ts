import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Calls } from '../../../sidecar/src/lifecycle/calls.ts';
import type { LifecycleEvents } from '../../../sidecar/src/lifecycle/events.ts';
import { DirectoryVolumePort } from '../../../sidecar/src/lifecycle/volume-port.ts';
import { WAITS } from '../../../sidecar/src/lifecycle/waits.ts';
import { NO_PARENT } from '../../../sidecar/src/lineage/comment.ts';
import { newMarker } from '../../../sidecar/src/lineage/marker.ts';
import { FakeLifecycle, INTERVAL } from '../../support/lifecycle.ts';
import { Receiver } from '../../support/receiver.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const never = new AbortController().signal;
const saved = { archive: 'a', final: false, partial: false, addedBytes: 0, seconds: 1 };
const clean = { files: 1, bytes: 1, unreadable: [], unsaved: false };
const trouble: LifecycleEvents['failure'][0] = {
  ...{ reason: 'locked', message: 'Locked.', retryInMs: 1 },
  class: 'transient',
  activity: 'save',
};

/** A run with all four addresses at one receiver, whose clock stands until the test moves it. */
class Life extends FakeLifecycle {
  readonly calls: Calls;
  readonly failed: LifecycleEvents['call.failed'][0][] = [];
  readonly warnings: LifecycleEvents['warning'][0][] = [];
  uptime = 0;

  /** @param limit the time of a call, which only a test of it makes short */
  constructor(base: string, limit = WAITS.call) {
    const at = (path: string) => `${base}${path}?token=hunter2`;
    super({
      env: {
        HEARTBEAT_URL: at('/beat'),
        PRE_BACKUP_URL: at('/pre'),
        POST_BACKUP_URL: at('/post'),
        POST_RESTORE_URL: at('/restored'),
      },
    });
    const { world, events } = this.context;
    const own = { ...world, uptime: () => this.uptime, waits: { ...WAITS, call: limit } };
    // The one that every run has listens too, and there it is this one.
    events.removeAllListeners();
    this.calls = new Calls({ ...this.context, world: own });
    events.on('call.failed', (failed) => this.failed.push(failed));
    events.on('warning', (warning) => this.warnings.push(warning));
  }

  live(): this {
    this.context.events.setState('live');
    return this;
  }

  looked(unsaved = false): void {
    this.context.events.emit('looked', { ...clean, unsaved });
  }
}

const paths = (calls: readonly string[]) => calls.map((call) => call.split('?')[0]);
describe('a heartbeat', () => {
  test('follows each save that is confirmed, with the whole address', async () => {
    await using receiver = await Receiver.start();
    using life = new Life(receiver.url(''));
    life.context.events.emit('save.done', saved);
    await life.calls.settled();
    life.context.events.emit('save.done', { ...saved, final: true });
    await life.calls.settled();
    assert.deepEqual(receiver.calls.entries, ['/beat?token=hunter2', '/beat?token=hunter2']);
  });

  test('follows a look that finds nothing to save, at most once in BACKUP_INTERVAL', async () => {
    await using receiver = await Receiver.start();
    using life = new Life(receiver.url('')).live();
    for (const uptime of [0, 5_000, INTERVAL - 1, INTERVAL, INTERVAL + 1]) {
      life.uptime = uptime;
      life.looked();
      await life.calls.settled();
    }
    assert.deepEqual(paths(receiver.calls.entries), ['/beat', '/beat']);
  });

  test('does not follow a look that finds something, or that comes before the gate or after the end', async () => {
    await using receiver = await Receiver.start();
    using life = new Life(receiver.url(''));
    life.looked();
    life.live().looked(true);
    for (const state of ['fenced', 'stopping', 'stopped'] as const) {
      life.context.events.setState(state);
      life.looked();
    }
    await life.calls.settled();
    assert.deepEqual(receiver.calls.entries, []);
  });

  for (const [begin, end, tell] of [
    ['failure', 'recovered', (life: Life) => life.context.events.emit('failure', trouble)],
    [
      'unclaimed',
      'claimed',
      ({ context: { events } }: Life) => events.emit('unclaimed', { why: 'full', lockedForMs: 0 }),
    ],
  ] as const) {
    test(`follows no look between ${begin} and ${end}`, async () => {
      await using receiver = await Receiver.start();
      using life = new Life(receiver.url('')).live();
      tell(life);
      life.looked();
      await life.calls.settled();
      assert.deepEqual(receiver.calls.entries, []);
      life.context.events.emit(end, { archive: 'a', late: true });
      life.looked();
      await life.calls.settled();
      assert.deepEqual(paths(receiver.calls.entries), ['/beat']);
    });
  }

  test('is left out while one is under way', async () => {
    await using receiver = await Receiver.start();
    const answer = Promise.withResolvers<void>();
    receiver.onCall = () => answer.promise;
    using life = new Life(receiver.url(''));
    life.context.events.emit('save.done', saved);
    life.context.events.emit('save.done', saved);
    await receiver.got(1);
    life.context.events.emit('save.done', saved);
    answer.resolve();
    await life.calls.settled();
    assert.deepEqual(paths(receiver.calls.entries), ['/beat']);
    life.context.events.emit('save.done', saved);
    await receiver.got(2);
    await life.calls.settled();
  });
});

test('what comes before an archive, and what comes before the gate, is waited for', async () => {
  await using receiver = await Receiver.start();
  using life = new Life(receiver.url(''));
  const told: string[] = [];
  receiver.onCall = (path) => void told.push(path);
  await life.calls.beforeBackup(never);
  told.push('archive');
  life.calls.afterBackup();
  await life.calls.settled();
  await life.calls.afterRestore(never);
  told.push('gate');
  assert.deepEqual(told, ['/pre', 'archive', '/post', '/restored', 'gate']);
});

const live = newMarker('0123456789abcdef', NO_PARENT);
const archive = { name: 'grafana-0000000007', id: 'id-7', comment: '', time: 0 };

for (const isRestored of [true, false]) {
  test(`the gate waits for a call after a restore, which SIGTERM ends: ${isRestored}`, async () => {
    await using receiver = await Receiver.start();
    receiver.replies = { '/restored': 'hang' };
    await using directory = await TemporaryDirectory.make('calls');
    const [DATA_DIR = '', STATE_DIR = ''] = ['data', 'state'].map((name) => join(directory.path, name));
    await Promise.all([mkdir(DATA_DIR), mkdir(STATE_DIR)]);
    const paths = { DATA_DIR, STATE_DIR, READY_FILE: join(directory.path, 'READY') };
    using life = new FakeLifecycle({ env: { ...paths, POST_RESTORE_URL: receiver.url('/restored') } });
    const port = new DirectoryVolumePort(life.context, life.host);
    await port.extract(isRestored ? { kind: 'legacy', archive } : undefined, {});
    const opening = port.openGate(live);
    if (isRestored) {
      await receiver.got(1);
      life.termination.tellSigterm();
    }
    await opening;
    assert.equal(existsSync(life.context.settings.READY_FILE), !isRestored);
    assert.equal(receiver.calls.entries.length, isRestored ? 1 : 0);
  });
}

test('what comes after an archive is not waited for, except by the next archive', async () => {
  await using receiver = await Receiver.start();
  receiver.replies = { '/post': 'hang' };
  using life = new Life(receiver.url(''), 50);
  const told: string[] = [];
  receiver.onCall = (path) => void told.push(path);
  life.context.events.on('call.failed', ({ reason }) => told.push(reason));
  life.calls.afterBackup();
  await life.calls.beforeBackup(never);
  assert.deepEqual(told, ['/post', 'no answer within 0.05 s', '/pre']);
});

test('without addresses nothing is called and nothing fails', async () => {
  using life = new FakeLifecycle();
  const failed: unknown[] = [];
  life.context.events.on('call.failed', (event) => failed.push(event));
  const { calls, events } = life.context;
  await calls.beforeBackup(never);
  calls.afterBackup();
  await calls.afterRestore(never);
  events.emit('save.done', saved);
  await calls.settled();
  assert.deepEqual(failed, []);
});

describe('a call that fails', () => {
  for (const status of [300, 301, 404, 500, 503]) {
    test(`since it is answered ${status} names the setting and the host, and nothing else`, async () => {
      await using receiver = await Receiver.start();
      receiver.replies = { '/pre': status };
      using life = new Life(receiver.url(''));
      await life.calls.beforeBackup(never);
      const reason = `it answered ${status}`;
      assert.deepEqual(life.failed, [{ setting: 'PRE_BACKUP_URL', host: receiver.host, reason }]);
      assert.deepEqual(life.warnings, [
        {
          name: 'pre-backup.failed',
          message: `The call of PRE_BACKUP_URL to ${receiver.host} failed: ${reason}. Everything else goes on without it: look at what listens there, or correct the setting. It is not said again before a call succeeds.`,
        },
      ]);
      assert.deepEqual(paths(receiver.calls.entries), ['/pre']);
    });
  }

  for (const status of [200, 201, 204]) {
    test(`is none that is answered ${status}`, async () => {
      await using receiver = await Receiver.start();
      receiver.replies = { '/pre': status };
      using life = new Life(receiver.url(''));
      await life.calls.beforeBackup(never);
      assert.deepEqual(life.failed, []);
    });
  }

  test('since nobody listens says so by its code', async () => {
    const receiver = await Receiver.start();
    const { host } = receiver;
    await receiver[Symbol.asyncDispose]();
    using life = new Life(`http://${host}`);
    await life.calls.afterRestore(never);
    assert.deepEqual(life.failed, [{ setting: 'POST_RESTORE_URL', host, reason: 'ECONNREFUSED' }]);
    assert.doesNotMatch(JSON.stringify(life.warnings), /hunter2/);
  });

  test('since nobody answers is over after its time', async () => {
    await using receiver = await Receiver.start();
    receiver.replies = { '/pre': 'hang', '/post': 'hang', '/beat': 'hang' };
    using life = new Life(receiver.url(''), 50);
    await life.calls.beforeBackup(never);
    life.calls.afterBackup();
    life.context.events.emit('save.done', saved);
    await life.calls.settled();
    assert.deepEqual(
      life.failed.map(({ setting, reason }) => `${setting}: ${reason}`).sort(),
      ['HEARTBEAT_URL', 'POST_BACKUP_URL', 'PRE_BACKUP_URL'].map(
        (name) => `${name}: no answer within 0.05 s`,
      ),
    );
  });

  test('is said once for each kind of failure, counted each time, and said again after a success', async () => {
    await using receiver = await Receiver.start();
    using life = new Life(receiver.url(''));
    for (const status of [500, 500, 404, 500, 200, 500]) {
      receiver.replies = { '/pre': status };
      await life.calls.beforeBackup(never);
    }
    assert.equal(life.failed.length, 5);
    assert.deepEqual(
      life.warnings.map(({ message }) => /answered (\d+)/.exec(message)?.[1]),
      ['500', '404', '500'],
    );
  });
});

describe('a call that is under way ends, without a failure,', () => {
  test('at the deadline of the last save', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    await using receiver = await Receiver.start();
    receiver.replies = { '/beat': 'hang', '/post': 'hang' };
    using life = new Life(receiver.url(''));
    life.context.events.emit('save.done', saved);
    life.calls.afterBackup();
    await receiver.got(2);
    life.termination.tellSigterm();
    t.mock.timers.tick(INTERVAL);
    assert.ok(life.termination.deadline.aborted);
    await life.calls.settled();
    assert.deepEqual(life.failed, []);
  });

  test('with what it is made for', async () => {
    await using receiver = await Receiver.start();
    receiver.replies = { '/pre': 'hang' };
    using life = new Life(receiver.url(''));
    const create = new AbortController();
    const before = life.calls.beforeBackup(create.signal);
    await receiver.got(1);
    create.abort();
    await before;
    assert.deepEqual(life.failed, []);
  });
});
