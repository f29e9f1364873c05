import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataOf } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { endsClean, mountedPod, put, quickMain, untilLive } from '../../support/quick-pod.ts';
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
  const { exitCode, stdout } = await commands.run(['accept']);
  const last = (await dataOf(server, set)).at(-1);
  assert.deepEqual([exitCode, last?.comment.guard], [0, '-']);
  assert.equal(stdout, `Accepted: ${last?.name} says so, and archives are deleted again by PRUNE_FLAGS.`);
  assert.equal(statSync(join(pod.stateDir, 'control.sock')).mode & 0o777, 0o600);
  await endsClean(pod, set);
  assert.equal(existsSync(join(pod.stateDir, 'control.sock')), false);
  assert.deepEqual(await commands.run(['accept']), {
    ...{ exitCode: 3, stdout: '' },
    stderr: `No sidecar answers in STATE_DIR ${pod.stateDir} (ENOENT): run this in the container of the sidecar while it is live, with "kubectl exec POD -c borg-volume-sync".`,
  });
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
