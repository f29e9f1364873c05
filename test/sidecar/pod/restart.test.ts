import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataNames, dataOf, extractByHand, recordsOf } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { needsRoot } from '../../support/other-user.ts';
import type { Pod } from '../../support/pod.ts';
import {
  endsClean,
  leavesNothing,
  mountedPod,
  put,
  quickMain,
  savedBy,
  untilLive,
  untilTidy,
} from '../../support/quick-pod.ts';
import { Tmpfs } from '../../support/tmpfs.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** A pod whose gate is open and whose first file is saved. */
async function savedPod(set: string, options: { isolated?: boolean } = {}): Promise<Pod> {
  await server.init(set);
  const pod = await mountedPod({ set, server, entry: quickMain, ...options });
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, `${set}.saved`, `${set}: saved`);
  await untilTidy(pod);
  return pod;
}

/** Empties the volume while the program can't look. */
async function empty(pod: Pod): Promise<void> {
  if (pod.container.running) pod.container.signal('SIGSTOP');
  for (const name of await readdir(pod.dataDir)) await rm(join(pod.dataDir, name), { recursive: true });
  if (pod.container.running) pod.container.signal('SIGCONT');
}

async function names(set: string): Promise<string[]> {
  return (await server.archives(set)).map(({ name }) => name);
}

/** The content of the set's only archive that this container has saved, and of no other than `first` before it. */
async function savedOnce(pod: Pod, set: string, first: readonly unknown[]): Promise<string[]> {
  const [name, ...more] = savedBy(pod);
  assert.deepEqual(more, [], 'saved more than once');
  const data = await dataOf(server, set);
  assert.deepEqual(
    data.map((archive) => archive.name),
    [...first, name],
  );
  const [one, other] = data.map(({ comment }) => comment);
  assert.equal(other?.parent.sequence, one?.seq);
  await using directory = await extractByHand(server, { set, name: String(name) });
  return (await readdir(directory.path)).sort();
}

test('a container that was killed while live restores nothing and saves once', async () => {
  const set = 'restart-killed';
  await using pod = await savedPod(set, { isolated: true });
  const { writer } = await pod.event('writer');
  const first = savedBy(pod);
  await pod.kill();
  await put(pod, `${set}.unsaved`, 'restart-killed: written while no sidecar ran');
  await rm(join(pod.dataDir, `${set}.saved`));

  await pod.start();
  await pod.event('gate.opened');
  await pod.event('save.done');
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  assert.deepEqual([...pod.seen('restore.started'), ...pod.seen('claimed')], []);
  assert.equal((await pod.event('writer')).writer, writer, 'the same pod became another writer');
  assert.equal(existsSync(join(pod.dataDir, `${set}.saved`)), false, 'a deleted file came back');
  await endsClean(pod, set);
  assert.deepEqual(await savedOnce(pod, set, first), [`${set}.unsaved`]);
});

test('a restarted container saves once even if nothing has changed', async () => {
  const set = 'restart-unchanged';
  await using pod = await savedPod(set, { isolated: true });
  const first = savedBy(pod);
  await pod.kill();
  await pod.start();
  await pod.event('save.done');
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  await endsClean(pod, set);
  assert.deepEqual(await savedOnce(pod, set, first), [`${set}.saved`]);
  assert.deepEqual(await recordsOf(server, set), ['close closing final']);
});

test('an application that deletes the marker gets it back, and is saved', async () => {
  const set = 'restart-marker';
  await using pod = await savedPod(set);
  const [first] = savedBy(pod);
  const marker = join(pod.dataDir, '.borg-volume-sync');
  await rm(marker, { recursive: true });
  await put(pod, `${set}.more`, 'restart-marker: more');
  assert.equal((await pod.event('marker.restored')).level, 'warn');
  await pod.event('save.done', ({ archive }) => archive !== first);
  assert.equal(JSON.parse(await readFile(join(marker, 'state.json'), 'utf8')).state, 'live');
  await endsClean(pod, set);
});

test('a marker that was deleted while no sidecar ran comes back, and nothing is restored', async () => {
  const set = 'restart-unmarked';
  await using pod = await savedPod(set, { isolated: true });
  const { writer } = await pod.event('writer');
  const first = savedBy(pod);
  await pod.kill();
  await rm(join(pod.dataDir, '.borg-volume-sync'), { recursive: true });
  await put(pod, `${set}.unsaved`, 'restart-unmarked: beside no marker');

  await pod.start();
  await pod.event('marker.restored');
  await pod.event('save.done');
  assert.equal((await pod.event('writer')).writer, writer);
  assert.deepEqual([...pod.seen('restore.started'), ...pod.seen('claimed')], []);
  await endsClean(pod, set);
  assert.deepEqual(await savedOnce(pod, set, first), [`${set}.saved`, `${set}.unsaved`]);
});

test('SIGTERM while a container comes back to a live volume saves what it holds', async () => {
  const set = 'restart-sigterm';
  await using pod = await savedPod(set, { isolated: true });
  const first = savedBy(pod);
  await pod.kill();
  await put(pod, `${set}.unsaved`, 'restart-sigterm: written while no sidecar ran');

  await pod.start();
  await pod.event('server.listening');
  assert.equal((await pod.terminate()).exitCode, 0);
  assert.deepEqual(await savedOnce(pod, set, first), [`${set}.saved`, `${set}.unsaved`]);
  assert.deepEqual(await recordsOf(server, set), []);
});

test('a volume without any space left is saved, once', { skip: needsRoot }, async () => {
  const set = 'restart-full';
  await server.init(set);
  await using pod = await mountedPod({ set, server, entry: quickMain });
  await using disk = await Tmpfs.mount(pod.dataDir, '2m');
  await pod.start();
  await untilLive(pod);
  await disk.fill();
  await pod.event('marker.failed');
  await pod.event('save.done');
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  assert.deepEqual(pod.seen('failure'), []);
  assert.equal((await pod.terminate()).exitCode, 0);
  assert.deepEqual(await dataNames(server, set), savedBy(pod));
});

test('a volume that is emptied under the program is reported and never saved', async () => {
  const set = 'restart-emptied';
  await using pod = await savedPod(set);
  const before = await names(set);
  await empty(pod);
  const failure = await pod.event('failure');
  assert.equal(failure.reason, 'volume-vanished');
  await pod.next('failure');
  assert.equal((await pod.get('/startup')).status, 200);
  assert.match(JSON.stringify(await pod.status()), /"failure":\{"reason":"volume-vanished"/);
  assert.equal((await pod.terminate()).exitCode, 1);
  assert.match(await pod.lastWords(), /^The final save failed.* was emptied: it is not saved/);
  await leavesNothing(pod, set);
  assert.deepEqual(await readdir(pod.dataDir), [], 'something was written to a volume that is another');
  assert.deepEqual(await names(set), before);
  assert.deepEqual(await dataNames(server, set), savedBy(pod));
});

test('a volume that has vanished at a restart ends the container with 3 and no save', async () => {
  const set = 'restart-vanished';
  await using pod = await savedPod(set, { isolated: true });
  const before = await names(set);
  await pod.kill();
  await empty(pod);
  await pod.start();
  assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
  assert.match(await pod.lastWords(), /has lost its content while the application may be running/);
  assert.deepEqual([...pod.seen('gate.opened'), ...pod.seen('restore.started')], []);
  await leavesNothing(pod, set);
  assert.deepEqual(await names(set), before);
});

test('the repository that replaced the one of the volume gets no more than the archive that found it out', async () => {
  const set = 'restart-replaced';
  await using pod = await savedPod(set, { isolated: true });
  const first = savedBy(pod);
  await rename(server.repository(set), server.repository(`${set}-own`));
  await server.init(set);
  await put(pod, `${set}.unsaved`, 'restart-replaced: unsaved');
  assert.equal((await pod.event('failure')).reason, 'wrong-repository');
  const stray = await names(set);
  assert.ok(stray.length <= 1, stray.join());
  await put(pod, `${set}.more`, 'restart-replaced: unsaved, too');
  for (let times = 0; times < 2; times += 1) {
    const { reason, class: kind, level } = await pod.next('failure');
    assert.deepEqual([reason, kind, level], ['wrong-repository', 'person', 'error']);
  }
  assert.equal((await pod.get('/startup')).status, 200);
  assert.deepEqual(pod.seen('fork.done'), []);
  assert.deepEqual(await names(set), stray);

  // A container that begins anew adds nothing to it.
  await pod.kill();
  await pod.start();
  await pod.event('gate.opened');
  assert.equal((await pod.event('failure')).reason, 'wrong-repository');
  assert.equal((await pod.next('failure')).reason, 'wrong-repository');
  assert.deepEqual(await names(set), stray);

  await rm(server.repository(set), { recursive: true });
  await rename(server.repository(`${set}-own`), server.repository(set));
  await pod.event('recovered');
  await pod.event('save.done');
  await endsClean(pod, set);
  assert.deepEqual(await savedOnce(pod, set, first), [`${set}.more`, `${set}.saved`, `${set}.unsaved`]);
});
