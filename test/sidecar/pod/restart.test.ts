import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commentsOf, extractByHand } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { needsRoot } from '../../support/other-user.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, leavesNothing, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { Tmpfs } from '../../support/tmpfs.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** A pod whose gate is open and whose first file is saved. */
async function savedPod(set: string, options: { isolated?: boolean } = {}): Promise<Pod> {
  await server.init(set);
  const pod = await quickPod({ set, server, entry: quickMain, ...options });
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, `${set}.saved`, `${set}: saved`);
  await pod.event('save.done');
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

test('a container that was killed while live restores nothing and saves once', async () => {
  const set = 'restart-killed';
  await using pod = await savedPod(set, { isolated: true });
  const { writer } = await pod.event('writer');
  await pod.kill();
  await put(pod, `${set}.unsaved`, 'restart-killed: written while no sidecar ran');
  await rm(join(pod.dataDir, `${set}.saved`));

  await pod.start();
  await pod.event('gate.opened');
  assert.equal((await pod.event('save.done')).archive, `${set}-0000000002`);
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  assert.deepEqual(pod.seen('restore.started'), []);
  assert.equal((await pod.event('writer')).writer, writer, 'the same pod became another writer');
  assert.equal(existsSync(join(pod.dataDir, `${set}.saved`)), false, 'a deleted file came back');
  const { [`${set}-0000000002`]: comment } = await commentsOf(server, set);
  assert.equal(comment?.parent.sequence, 1);
  await endsClean(pod, set);
  assert.deepEqual(await names(set), [`${set}-0000000001`, `${set}-0000000002`]);
  await using directory = await extractByHand(server, { set, name: `${set}-0000000002` });
  assert.deepEqual(await readdir(directory.path), [`${set}.unsaved`]);
});

test('a restarted container saves once even if nothing has changed', async () => {
  const set = 'restart-unchanged';
  await using pod = await savedPod(set, { isolated: true });
  await pod.kill();
  await pod.start();
  await pod.event('save.done');
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  await endsClean(pod, set);
  assert.deepEqual(await names(set), [`${set}-0000000001`, `${set}-0000000002`]);
});

test('an application that deletes the marker gets it back, and is saved', async () => {
  const set = 'restart-marker';
  await using pod = await savedPod(set);
  const marker = join(pod.dataDir, '.borg-volume-sync');
  await rm(marker, { recursive: true });
  await put(pod, `${set}.more`, 'restart-marker: more');
  assert.equal((await pod.event('marker.restored')).level, 'warn');
  await pod.event('save.done', ({ archive }) => archive === `${set}-0000000002`);
  assert.equal(JSON.parse(await readFile(join(marker, 'state.json'), 'utf8')).state, 'live');
  await endsClean(pod, set);
});

test('a marker that was deleted while no sidecar ran comes back, and nothing is restored', async () => {
  const set = 'restart-unmarked';
  await using pod = await savedPod(set, { isolated: true });
  const { writer } = await pod.event('writer');
  await pod.kill();
  await rm(join(pod.dataDir, '.borg-volume-sync'), { recursive: true });
  await put(pod, `${set}.unsaved`, 'restart-unmarked: beside no marker');

  await pod.start();
  await pod.event('marker.restored');
  assert.equal((await pod.event('save.done')).archive, `${set}-0000000002`);
  assert.equal((await pod.event('writer')).writer, writer);
  assert.deepEqual(pod.seen('restore.started'), []);
  await endsClean(pod, set);
});

test('SIGTERM while a container comes back to a live volume saves what it holds', async () => {
  const set = 'restart-sigterm';
  await using pod = await savedPod(set, { isolated: true });
  await pod.kill();
  await put(pod, `${set}.unsaved`, 'restart-sigterm: written while no sidecar ran');

  await pod.start();
  await pod.event('server.listening');
  assert.equal((await pod.terminate()).exitCode, 0);
  await using directory = await extractByHand(server, { set, name: `${set}-0000000002` });
  assert.deepEqual((await readdir(directory.path)).sort(), [`${set}.saved`, `${set}.unsaved`]);
});

test('a volume without any space left is saved, once', { skip: needsRoot }, async () => {
  const set = 'restart-full';
  await server.init(set);
  await using pod = await quickPod({ set, server, entry: quickMain });
  await using disk = await Tmpfs.mount(pod.dataDir, '2m');
  await pod.start();
  await untilLive(pod);
  await disk.fill();
  await pod.event('marker.failed');
  await pod.event('save.done');
  await pod.next('looked', ({ unsaved }) => unsaved === false);
  assert.deepEqual(pod.seen('failure'), []);
  assert.equal((await pod.terminate()).exitCode, 0);
  assert.equal((await names(set)).length, pod.seen('save.done').length);
});

test('a volume that is emptied under the program is reported and never saved', async () => {
  const set = 'restart-emptied';
  await using pod = await savedPod(set);
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
  assert.deepEqual(await names(set), [`${set}-0000000001`]);
});

test('a volume that has vanished at a restart ends the container with 3 and no save', async () => {
  const set = 'restart-vanished';
  await using pod = await savedPod(set, { isolated: true });
  await pod.kill();
  await empty(pod);
  await pod.start();
  assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
  assert.match(await pod.lastWords(), /has lost its content while the application may be running/);
  assert.deepEqual([...pod.seen('gate.opened'), ...pod.seen('restore.started')], []);
  await leavesNothing(pod, set);
  assert.deepEqual(await names(set), [`${set}-0000000001`]);
});

test('nothing is written to a repository that replaced the one of the volume', async () => {
  const set = 'restart-replaced';
  await using pod = await savedPod(set, { isolated: true });
  await rename(server.repository(set), server.repository(`${set}-own`));
  await server.init(set);
  await put(pod, `${set}.unsaved`, 'restart-replaced: unsaved');
  assert.equal((await pod.event('failure')).reason, 'wrong-repository');
  await pod.next('failure');
  assert.equal((await pod.get('/startup')).status, 200);

  // Neither does a container that begins anew.
  await pod.kill();
  await pod.start();
  await pod.event('gate.opened');
  assert.equal((await pod.event('failure')).reason, 'wrong-repository');
  assert.deepEqual(await names(set), []);

  await rm(server.repository(set), { recursive: true });
  await rename(server.repository(`${set}-own`), server.repository(set));
  await pod.event('recovered');
  await endsClean(pod, set);
  assert.deepEqual(await names(set), [`${set}-0000000001`, `${set}-0000000002`]);
});
