import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BorgServer } from '../../support/borg-server.ts';
import { endsClean, leavesNothing, mountedPod, put, quickMain, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

test('a pod warns before its limits are reached, and does not restore what is larger', async () => {
  const set = 'limits';
  await server.init(set);
  const env = { VOLUME_SIZE_LIMIT: '1k', GRACE_PERIOD: '30s' };
  await using pod = await mountedPod({ set, server, entry: quickMain, env });
  await pod.start();
  await untilLive(pod);
  assert.equal((await pod.status()).sizeLimitBytes, 1_000);
  assert.match((await pod.get('/metrics')).text, /^borg_volume_sync_volume_size_limit_bytes 1000$/m);
  await put(pod, `${set}-file`, Buffer.alloc(900));
  assert.equal((await pod.event('volume.nearly-full')).level, 'warn');
  assert.equal((await pod.event('grace-period.short')).level, 'warn');
  await endsClean(pod, set);

  await pod.newVolume();
  await pod.start({ VOLUME_SIZE_LIMIT: '800' });
  assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
  assert.match(
    await pod.lastWords(),
    /^The archive limits-\d+ holds 900 bytes, but VOLUME_SIZE_LIMIT is 800, and Kubernetes would end the pod: raise /,
  );
  assert.deepEqual([...pod.seen('restore.started'), ...pod.seen('gate.opened')], []);
  await leavesNothing(pod, set);
});
