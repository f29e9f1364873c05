// long: one port, and each of its methods on a real directory
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXIT } from '../../../sidecar/src/lifecycle/exit.ts';
import { recordLive } from '../../../sidecar/src/lifecycle/live-record.ts';
import { DirectoryVolumePort } from '../../../sidecar/src/lifecycle/volume-port.ts';
import { NO_PARENT } from '../../../sidecar/src/lineage/comment.ts';
import { type Marker, newMarker, parseMarker } from '../../../sidecar/src/lineage/marker.ts';
import type { Newest } from '../../../sidecar/src/lineage/order.ts';
import { MarkerError, readMarker } from '../../../sidecar/src/volume/marker.ts';
import { comment } from '../../support/comment.ts';
import { FakeLifecycle, NOTHING_SEEN, nothing, setClock } from '../../support/lifecycle.ts';
import { unprivileged } from '../../support/other-user.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const WRITER = '0123456789abcdef';
const MARKER_FILE = '.borg-volume-sync/state.json';
const live: Marker = { ...newMarker(WRITER, NO_PARENT), state: 'live', claimed: true, last: 3 };
const newest: Newest = {
  kind: 'data',
  archive: { name: 'grafana-0000000007', id: 'id-7', comment: '', time: 0 },
  comment: comment({ seq: 7 }),
};

/** A pod's directories: an empty volume, STATE_DIR and `/tmp`. */
class Pod extends FakeLifecycle {
  readonly port = new DirectoryVolumePort(this.context, this.host);
  readonly data = this.context.settings.DATA_DIR;
  readonly state = this.context.settings.STATE_DIR;
  readonly ready = this.context.settings.READY_FILE;
  /** The names of the events that are not about the state. */
  readonly events: string[] = [];
  readonly #directory: TemporaryDirectory;

  static async make(env: Record<string, string> = {}): Promise<Pod> {
    const directory = await TemporaryDirectory.make();
    for (const name of ['data', 'state', 'tmp']) {
      await mkdir(join(directory.path, name));
    }
    return new Pod(directory, env);
  }

  constructor(directory: TemporaryDirectory, env: Record<string, string>) {
    const at = (name: string) => join(directory.path, name);
    const paths = { DATA_DIR: at('data'), STATE_DIR: at('state'), READY_FILE: at('tmp/READY') };
    super({ env: { ...paths, ...env }, waits: [nothing, nothing, nothing] });
    this.#directory = directory;
    for (const name of ['gate.opened', 'restore.empty', 'restore.started', 'restore.done'] as const) {
      this.context.events.observe(name, () => this.events.push(name));
    }
  }

  /** A file of the application's. */
  async write(path: string, text = ''): Promise<void> {
    await mkdir(join(this.data, path, '..'), { recursive: true });
    await writeFile(join(this.data, path), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}

describe('what a boot finds', () => {
  test('is nothing in a new volume, also beside what is reserved', async () => {
    await using pod = await Pod.make();
    const found = { marker: undefined, empty: true, record: undefined };
    assert.deepEqual(await pod.port.find(), found);
    await mkdir(join(pod.data, 'lost+found'));
    await mkdir(join(pod.data, '.borg-volume-sync'));
    assert.deepEqual(await pod.port.find(), found);
  });

  test('is the marker, the files, and what STATE_DIR knows of this boot', async () => {
    await using pod = await Pod.make();
    const restoring = newMarker('f'.repeat(16), NO_PARENT);
    await pod.port.writeMarker(restoring);
    await recordLive(pod.state, { bootId: 'boot', marker: live });
    await pod.write('a');
    const { marker, empty, record } = await pod.port.find();
    assert.deepEqual([marker?.state, marker?.writer, empty], ['restoring', restoring.writer, false]);
    assert.deepEqual([record?.state, record?.writer], ['live', WRITER]);
  });

  for (const [name, record] of [
    ['of another boot', { bootId: 'another', marker: live }],
    ['without a marker', { bootId: 'boot', marker: { ...live, writer: 'nobody' } }],
  ] as const) {
    test(`is no record ${name}`, async () => {
      await using pod = await Pod.make();
      await recordLive(pod.state, record);
    });
  }

  test('is refused where the marker can not be trusted', async () => {
    await using pod = await Pod.make();
    await pod.write(MARKER_FILE, '{}');
    await assert.rejects(pod.port.find(), MarkerError);
  });

  test('is refused where no volume is', async () => {
    await using pod = await Pod.make();
    await rm(pod.data, { recursive: true });
    await assert.rejects(pod.port.find(), {
      ...{ name: 'Fatal', code: EXIT.settings, reason: 'settings' },
      message: /^DATA_DIR is ".+", which can't be read \(ENOENT.+\): mount the volume there\.$/,
    });
  });
});

describe('an extraction', () => {
  test('of nothing empties the volume but for what is reserved, and says so', async () => {
    await using pod = await Pod.make();
    await pod.port.writeMarker(live);
    await pod.write('a/b');
    await pod.port.extract(undefined, {});
    assert.deepEqual([await readdir(pod.data), pod.events], [['.borg-volume-sync'], ['restore.empty']]);
    assert.deepEqual(pod.told, []);
  });

  test('of an archive begins with an empty volume, and goes past the lock where it is told to', async () => {
    await using pod = await Pod.make();
    await pod.write('half of a restore');
    const locks: unknown[] = [];
    pod.repository.onExtract = async ({ name, directory }, _signal, lock) => {
      assert.deepEqual([name, directory], [newest.archive.name, pod.data]);
      assert.deepEqual(await readdir(pod.data), []);
      locks.push(lock.past);
    };
    await pod.port.extract(newest, {});
    await pod.port.extract(newest, { pastLock: true });
    assert.deepEqual(locks, [undefined, true]);
    const events = ['restore.started', 'restore.done'];
    assert.deepEqual([pod.told, pod.events], [['restoring'], [...events, ...events]]);
  });

  for (const name of ['the caller', 'SIGTERM'] as const) {
    test(`that ${name} has ended leaves the volume alone`, async () => {
      await using pod = await Pod.make();
      await pod.write('a');
      const own = new AbortController();
      if (name === 'SIGTERM') {
        pod.termination.tellSigterm();
      } else {
        own.abort();
      }
      const { reason } = name === 'SIGTERM' ? pod.termination.sigterm : own.signal;
      await assert.rejects(
        pod.port.extract(undefined, { signal: own.signal }),
        (thrown) => thrown === reason,
      );
      assert.deepEqual([await readdir(pod.data), pod.events], [['a'], []]);
    });
  }
});

test('what is settled has the directories that are asked for', async () => {
  await using pod = await Pod.make({ MAKE_DIRS: 'a/b,c' });
  await pod.port.settle();
  assert.deepEqual(await readdir(pod.data, { recursive: true }), ['a', 'c', 'a/b']);
  await using without = await Pod.make();
  await without.port.settle();
  assert.deepEqual(await readdir(without.data), []);
});

describe('the gate', () => {
  for (const state of ['live', 'fenced'] as const) {
    test(`of a ${state} volume opens once it is known that the application may run`, async () => {
      await using pod = await Pod.make();
      const marker = { ...live, state };
      pod.context.events.on('gate.opened', () => assert.ok(existsSync(pod.ready)));
      await pod.port.openGate(marker);
      const { record } = await pod.port.find();
      assert.deepEqual([existsSync(pod.ready), pod.events, record?.state], [true, ['gate.opened'], state]);
      assert.equal(pod.host.ready, true);
      await pod.host.wait(1, NOTHING_SEEN);
      assert.equal(pod.context.events.state, state);
    });
  }

  test('stays closed after SIGTERM, and what the volume holds can be saved', async () => {
    await using pod = await Pod.make();
    pod.termination.tellSigterm();
    await pod.port.openGate(live);
    assert.deepEqual([existsSync(pod.ready), pod.events, pod.told], [false, [], []]);
    assert.deepEqual([pod.host.ready, pod.host.over], [true, false]);
  });

  test('is not open where STATE_DIR does not know it', async () => {
    await using pod = await Pod.make();
    await rm(pod.state, { recursive: true });
    await assert.rejects(pod.port.openGate(live), { code: 'ENOENT' });
    assert.deepEqual([existsSync(pod.ready), pod.host.ready], [false, false]);
  });
});

describe('a look', () => {
  test('counts what is there, and leaves out what archives leave out', async () => {
    await using pod = await Pod.make({ EXCLUDE: 'pp:cache' });
    await pod.port.writeMarker(live);
    await pod.write('a', '12345');
    const { digest, tookMs, ...look } = await pod.port.look();
    await pod.write('cache/x', '1');
    assert.deepEqual(look, { files: 1, bytes: 5, unreadable: [] });
    assert.ok(tookMs >= 0 && tookMs < 10_000, String(tookMs));
    assert.equal((await pod.port.look()).digest, digest);
    await pod.write('b');
    assert.notEqual((await pod.port.look()).digest, digest);
  });

  test('waits until what has just changed could not change again unseen, and else is like no other', async () => {
    await using pod = await Pod.make();
    await pod.write('a', '12345');
    const quiet = await pod.port.look();
    pod.host.setReady();
    const { ctimeMs } = await lstat(join(pod.data, 'a'));
    const clock = setClock(pod.context.world, ctimeMs, 15);
    assert.equal((await pod.port.look()).digest, quiet.digest);
    assert.equal(clock.nowMs, ctimeMs + 30);
    setClock(pod.context.world, ctimeMs, 0);
    assert.notEqual((await pod.port.look()).digest, quiet.digest);
  });

  test('names also what only borg could not read', async () => {
    await using pod = await Pod.make();
    pod.context.unread.paths = new Set(['z', 'a']);
    assert.deepEqual((await pod.port.look()).unreadable, ['a', 'z']);
    assert.deepEqual([...pod.context.unread.paths], ['z', 'a']);
  });

  test('forgets of it what the walk finds by itself', async () => {
    await using pod = await Pod.make();
    await pod.write('closed/x');
    await chmod(join(pod.data, 'closed'), 0);
    pod.context.unread.paths = new Set(['closed', 'a']);
    const look = await unprivileged(() => pod.port.look());
    await chmod(join(pod.data, 'closed'), 0o700);
    assert.deepEqual(look.unreadable, ['a', 'closed']);
    assert.deepEqual([...pod.context.unread.paths], ['a']);
  });
});

describe('the volume is still the one of its writer', () => {
  async function begin(): Promise<Pod> {
    const pod = await Pod.make();
    await pod.port.find();
    await pod.port.writeMarker(live);
    await pod.write('a');
    return pod;
  }

  test('same: with its marker, also when the application has emptied it', async () => {
    await using pod = await begin();
    assert.equal(await pod.port.examine(WRITER), 'same');
    await rm(join(pod.data, 'a'));
    assert.equal(await pod.port.examine(WRITER), 'same');
  });

  test('unmarked: the same directory with files, without its marker', async () => {
    await using pod = await begin();
    await rm(join(pod.data, MARKER_FILE));
    assert.equal(await pod.port.examine(WRITER), 'unmarked');
    await rm(join(pod.data, MARKER_FILE, '..'), { recursive: true });
    assert.equal(await pod.port.examine(WRITER), 'unmarked');
  });

  test('gone: emptied, with its marker too', async () => {
    await using pod = await begin();
    await rm(join(pod.data, '.borg-volume-sync'), { recursive: true });
    await rm(join(pod.data, 'a'));
    assert.equal(await pod.port.examine(WRITER), 'gone');
  });

  test('gone: with the marker of another writer', async () => {
    await using pod = await begin();
    await pod.port.writeMarker({ ...live, writer: 'f'.repeat(16) });
    assert.equal(await pod.port.examine(WRITER), 'gone');
    assert.equal((await readMarker(pod.data, parseMarker))?.writer, 'f'.repeat(16));
  });

  test('gone: another directory in its place, unless it has the marker', async () => {
    await using pod = await begin();
    // Both at once, so that the file system can't give the second the inode of the first.
    await mkdir(`${pod.data}.new`);
    await rename(pod.data, `${pod.data}.old`);
    await rename(`${pod.data}.new`, pod.data);
    await pod.write('a');
    assert.equal(await pod.port.examine(WRITER), 'gone');
    await pod.port.writeMarker(live);
    assert.equal(await pod.port.examine(WRITER), 'same');
  });

  test('no answer: a marker that can not be trusted', async () => {
    await using pod = await begin();
    await pod.write(MARKER_FILE, 'half');
    await assert.rejects(pod.port.examine(WRITER), MarkerError);
  });
});
