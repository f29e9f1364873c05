import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { dataOf } from '../support/archive.ts';
import { BorgServer } from '../support/borg-server.ts';
import { processes, signal } from '../support/processes.ts';
import { put, untilLive } from '../support/quick-pod.ts';
import { until } from '../support/until.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

async function livePod(set: string): Promise<ImagePod> {
  await server.init(set);
  const pod = await ImagePod.create({ set, server });
  await pod.start();
  await untilLive(pod);
  return pod;
}

describe('what the kubelet does to a container', { concurrency: 3 }, () => {
  test('SIGTERM to process 1 saves what changed, and the container ends with 0', async () => {
    await using pod = await livePod('sigterm');
    await put(pod, 'file', 'content');
    assert.deepEqual(pod.seen('save.done'), []);
    assert.deepEqual(await pod.container.terminate(), { exitCode: 0, signal: null }, pod.log.tail());
    const [archive, ...more] = await dataOf(server, 'sigterm');
    assert.deepEqual(more, []);
    assert.equal(archive?.comment.final, true);
  });

  test('"touch /tmp/STOPPING" in the container, as the preStop hook does it, saves at once', async () => {
    await using pod = await livePod('prestop');
    await put(pod, 'file', 'content');
    await pod.prestop();
    await pod.event('prestop');
    await pod.event('save.done');
    assert.equal((await dataOf(server, 'prestop')).length, 1);
    assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
  });

  test('an orphan is reaped by the init', async () => {
    await using pod = await livePod('orphan');
    await pod.container.exec('sh', '-c', 'sleep 1000 >/dev/null 2>&1 &');
    const { init } = pod.container;
    const orphan = () =>
      processes().find(({ parent, command }) => parent === init && command === 'sleep 1000');
    const pid = (await until(orphan, (found) => found !== undefined))?.pid ?? 0;
    signal(pid, 'SIGKILL');
    await until(
      () => existsSync(`/proc/${pid}`),
      (there) => !there,
      '5s',
    );
    assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
  });
});
