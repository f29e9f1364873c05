import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Item } from '../../../sidecar/src/borg/repository.ts';
import type { LifecycleEvents } from '../../../sidecar/src/lifecycle/events.ts';
import { type Reading, restoreArchive } from '../../../sidecar/src/lifecycle/restore.ts';
import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import { comment } from '../../support/comment.ts';
import { FakeLifecycle, failing } from '../../support/lifecycle.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { turn } from '../../support/turn.ts';

const archive = { name: 'grafana-0000000007', id: 'id-7', comment: '', time: 0 };
const never = new AbortController().signal;
const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

function file(path: string, change: Partial<Item> = {}): Item {
  return { path, type: '-', mode: '-rw-r--r--', ...own, size: 5, source: '', healthy: true, ...change };
}

/** An empty volume, and a repository whose archive says that it has one file, and has it. */
class Pod extends FakeLifecycle {
  items = [file('a')];
  readonly warnings: string[] = [];
  readonly done: LifecycleEvents['restore.done'][0][] = [];
  readonly #directory: TemporaryDirectory;

  static async make(env: Record<string, string> = {}): Promise<Pod> {
    return new Pod(await TemporaryDirectory.make(), env);
  }

  constructor(directory: TemporaryDirectory, env: Record<string, string>) {
    super({ env: { DATA_DIR: directory.path, ...env } });
    this.#directory = directory;
    this.context.events.on('warning', ({ name }) => this.warnings.push(name));
    this.context.events.on('restore.done', (done) => this.done.push(done));
    this.repository.onItems = async () => this.items;
    this.repository.onExtract = async () => {
      await writeFile(join(directory.path, 'a'), '12345', { mode: 0o644 });
    };
  }

  async restore(change: Partial<Comment> = {}, how: Partial<Reading> = {}): Promise<void> {
    const newest = { kind: 'data', archive, comment: comment({ seq: 7, bytes: 5, ...change }) } as const;
    await restoreArchive(this.context, newest, { signal: never, ...how });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}

test('an archive is restored once the volume is what the list says, but for what is reserved', async () => {
  await using pod = await Pod.make();
  pod.items = [file('a'), file('lost+found/b'), file('.borg-volume-sync/state.json')];
  await pod.restore();
  assert.deepEqual(pod.done, [{ archive: archive.name, entries: 1, bytes: 5, seconds: 0 }]);
  assert.deepEqual(pod.warnings, []);
});

test('what the predecessor made says nothing of its size', async () => {
  await using pod = await Pod.make();
  const started: unknown[] = [];
  pod.context.events.on('restore.started', (event) => started.push(event));
  await restoreArchive(pod.context, { kind: 'legacy', archive }, { signal: never });
  assert.deepEqual(started, [{ archive: archive.name, bytes: undefined }]);
  assert.equal(pod.done.length, 1);
});

test('while an archive is extracted its progress is told each 5 s, and no longer', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await using pod = await Pod.make();
  const told: LifecycleEvents['restore.progress'][0][] = [];
  pod.context.events.on('restore.progress', (progress) => told.push(progress));
  const { onExtract } = pod.repository;
  pod.repository.onExtract = async (...call) => {
    t.mock.timers.tick(5_000);
    await onExtract(...call);
    await turn();
    t.mock.timers.tick(5_000);
  };
  await pod.restore({ files: 2, bytes: 6 });
  t.mock.timers.tick(60_000);
  assert.deepEqual(
    told.map(({ entries, ofEntries, bytes, ofBytes }) => [entries, ofEntries, bytes, ofBytes]),
    [
      [0, 2, undefined, 6],
      [1, 1, 5, 5],
    ],
  );
});

for (const [name, items, reason] of [
  ['an entry more', [], 'incomplete'],
  ['an entry less', [file('a'), file('b')], 'incomplete'],
  ['another size', [file('a', { size: 6 })], 'incomplete'],
  ['zeros in place of a chunk', [file('a', { healthy: false })], 'damaged'],
] as const) {
  test(`a volume with ${name} than the list says is not restored`, async () => {
    await using pod = await Pod.make();
    pod.items = [...items];
    await assert.rejects(pod.restore(), { name: 'BorgError', reason });
    assert.deepEqual(pod.done, []);
  });
}

test('an archive that does not fit is refused before anything is extracted', async () => {
  await using pod = await Pod.make();
  pod.repository.onExtract = () => Promise.reject(new Error('extracted'));
  await assert.rejects(pod.restore({ bytes: 2 ** 62 }), {
    ...{ name: 'Refusal', reason: 'own-disk-full' },
    message: /^The archive grafana-0000000007 holds \d+ bytes, but the volume .+ has \d+ free: raise .+\.$/,
  });
});

test("an archive past the volume's limit is refused before anything is extracted", async () => {
  await using pod = await Pod.make({ VOLUME_SIZE_LIMIT: '5' });
  await pod.restore({ bytes: 5 });
  pod.repository.onExtract = () => Promise.reject(new Error('extracted'));
  await assert.rejects(pod.restore({ bytes: 6 }), {
    ...{ name: 'Refusal', reason: 'size-limit' },
    message:
      "The archive grafana-0000000007 holds 6 bytes, but VOLUME_SIZE_LIMIT is 5, and Kubernetes would end the pod: raise the volume's sizeLimit and this setting with it, or restore a smaller archive with RESTORE_ARCHIVE.",
  });
});

test('one that does not say its size is refused once its list does, and its extraction ends', async () => {
  await using pod = await Pod.make({ VOLUME_SIZE_LIMIT: '4' });
  pod.repository.onExtract = (_extraction, signal) => untilAborted(signal);
  await assert.rejects(restoreArchive(pod.context, { kind: 'legacy', archive }, { signal: never }), {
    ...{ name: 'Refusal', reason: 'size-limit' },
  });
});

test('what a partial archive lacks is said', async () => {
  await using pod = await Pod.make();
  await pod.restore({ partial: true, lacks: ['secret'] });
  assert.deepEqual(pod.warnings, ['restore.partial']);
});

for (const lock of [undefined, { past: true }]) {
  test(`an archive is read and listed past the lock only where that is said: ${lock?.past}`, async () => {
    await using pod = await Pod.make();
    const { onItems, onExtract } = pod.repository;
    const past: unknown[] = [];
    pod.repository.onItems = (name, signal, lock) => {
      past.push(lock.past);
      return onItems(name, signal, lock);
    };
    pod.repository.onExtract = (extraction, signal, lock) => {
      past.push(lock.past);
      return onExtract(extraction, signal, lock);
    };
    await pod.restore({}, lock === undefined ? {} : { lock });
    assert.deepEqual(past, [lock?.past, lock?.past]);
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

for (const first of ['the list', 'the extraction', 'the caller'] as const) {
  test(`${first} ends all, with its own reason`, async () => {
    await using pod = await Pod.make();
    const failure = failing('unreachable');
    const caller = new AbortController();
    const ended: string[] = [];
    const hang = (name: string, signal: AbortSignal): Promise<never> =>
      name === first ? Promise.reject(failure) : untilAborted(signal).finally(() => ended.push(name));
    pod.repository.onItems = (_name, signal) => hang('the list', signal);
    pod.repository.onExtract = (_extraction, signal) => {
      const hanging = hang('the extraction', signal);
      if (first === 'the caller') {
        caller.abort(failure);
      }
      return hanging;
    };
    await assert.rejects(pod.restore({}, { signal: caller.signal }), (thrown) => thrown === failure);
    assert.deepEqual(
      ended.sort(),
      ['the extraction', 'the list'].filter((name) => name !== first),
    );
  });
}
