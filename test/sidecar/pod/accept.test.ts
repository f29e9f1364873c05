import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataNames, dataOf } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { needsRoot, OTHER_USER } from '../../support/other-user.ts';
import { endsClean, mountedPod, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { CommandLine } from '../commands/command-line.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

test('a guarded loss is accepted in the pod, and archives are deleted again', async () => {
  const set = 'accept';
  await server.init(set);
  await using pod = await mountedPod({
    set,
    server,
    entry: quickMain,
    env: { PRUNE_FLAGS: '--keep-last 1' },
  });
  const commands = CommandLine.of(pod, server, set);
  await pod.start();
  await untilLive(pod);
  assert.deepEqual(await commands.run(['accept']), {
    ...{ exitCode: 0, stderr: '' },
    stdout: 'There is nothing to accept: no archive is guarded.',
  });
  for (const name of ['1', '2', '3', '4', '5']) {
    await put(pod, `${set}-${name}`, name);
  }
  await pod.event('save.done');
  for (const name of ['1', '2', '3', '4']) {
    await rm(join(pod.dataDir, `${set}-${name}`));
  }
  await pod.event('guarded');
  assert.notEqual((await dataOf(server, set)).at(-1)?.comment.guard, '-');
  for (const content of ['6', '7']) {
    const saved = pod.next('save.done');
    await put(pod, `${set}-5`, content);
    await saved;
  }
  const guarded = await dataNames(server, set);
  assert.ok(guarded.length > 3, 'all archives are kept while they are guarded');
  const deleted = pod.next('deleted');
  const { exitCode, stdout } = await commands.run(['accept']);
  const last = (await dataOf(server, set)).at(-1);
  assert.deepEqual([exitCode, last?.comment.guard], [0, '-']);
  assert.equal(stdout, `Accepted: ${last?.name} says so, and archives are deleted again by PRUNE_FLAGS.`);
  await deleted;
  // The three newest stay whatever the rules say.
  assert.deepEqual(await dataNames(server, set), [...guarded.slice(-2), last?.name]);
  assert.equal(statSync(join(pod.stateDir, 'control.sock')).mode & 0o777, 0o600);
  await endsClean(pod, set);
  assert.equal(existsSync(join(pod.stateDir, 'control.sock')), false);
  assert.deepEqual(await commands.run(['accept']), {
    ...{ exitCode: 3, stdout: '' },
    stderr: `No sidecar answers in STATE_DIR ${pod.stateDir} (ENOENT): run this in the container of the sidecar while it is live, with "kubectl exec POD -c borg-volume-sync".`,
  });
});

test('an accepted entry that can’t be read is guarded no more, and another one is', {
  skip: needsRoot,
}, async () => {
  const set = 'accept-unreadable';
  await server.init(set);
  await using pod = await quickPod({ set, server, entry: quickMain, uid: OTHER_USER });
  const lock = async (name: string) => {
    await writeFile(join(pod.dir, 'aside'), 'out of reach', { mode: 0o600 });
    await rename(join(pod.dir, 'aside'), join(pod.dataDir, name));
  };
  const newest = async () => {
    const { guard, lacks } = (await dataOf(server, set)).at(-1)?.comment ?? {};
    return { guard, lacks };
  };
  const [one, fine, other] = [`${set}-1`, `${set}-2`, `${set}-3`];
  await pod.start();
  await untilLive(pod);
  await lock(one);
  await pod.event('guarded');
  assert.deepEqual(await newest(), { guard: '0', lacks: [one] });
  assert.equal((await CommandLine.of(pod, server, set).run(['accept'])).exitCode, 0);
  assert.deepEqual(await newest(), { guard: '-', lacks: [one] });

  let saved = pod.next('save.done');
  await put(pod, fine, 'in reach');
  const { archive } = await saved;
  assert.deepEqual(await newest(), { guard: '-', lacks: [one] });

  saved = pod.next('save.done');
  await lock(other);
  await saved;
  const against = String(Number(String(archive).slice(-10)));
  assert.deepEqual(await newest(), { guard: against, lacks: [one, other] });
  assert.deepEqual(
    pod.seen('guarded').map((line) => line.against),
    ['0', against],
  );
  await endsClean(pod, set);
});

test('the socket of a killed container is replaced', async () => {
  const set = 'accept-killed';
  await server.init(set);
  await using pod = await mountedPod({ set, server, entry: quickMain });
  await pod.start();
  await untilLive(pod);
  await pod.kill();
  assert.ok(existsSync(join(pod.stateDir, 'control.sock')));
  await pod.start();
  await untilLive(pod);
  assert.equal((await CommandLine.of(pod, server, set).run(['accept'])).exitCode, 0);
  await endsClean(pod, set);
});
