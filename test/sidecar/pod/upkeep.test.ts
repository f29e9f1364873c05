import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { commentsOf } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { noise } from '../../support/noise.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

test('what saves have added is given back by the server, and the next archive says when', async () => {
  const set = 'upkeep-compact';
  await server.init(set);
  const env = { PRUNE_FLAGS: '--keep-last 1', COMPRESSION: 'none' };
  // Over ssh: what the server says comes in other words than what borg says itself.
  await using pod = await quickPod({ set, server, entry: quickMain, env });
  await pod.start();
  await untilLive(pod);
  const began = Math.floor(Date.now() / 1_000);
  await put(pod, `${set}.large`, noise(set, 34_000_000));
  const done = await pod.event('upkeep.done');
  assert.deepEqual([done.chore, done.result], ['compact', 'freed']);
  await put(pod, `${set}.txt`, 'upkeep: after');
  await pod.next('save.done');
  await endsClean(pod, set);
  const last = Object.values(await commentsOf(server, set)).find((comment) => comment?.final);
  assert.ok((last?.compacted ?? 0) >= began && (last?.added ?? 1e9) < 1_000_000, JSON.stringify(last));
});

test('a repository that is due is checked, and one whose server only appends is said to free nothing', async () => {
  await using appendOnly = await BorgServer.start();
  for (const [options, set, env, chore, result] of [
    ['', 'upkeep-check', { CHECK_EVERY: '1s' }, 'check', 'whole'],
    ['--append-only', 'upkeep-kept', { COMPACT_EVERY: '1s' }, 'compact', 'kept'],
  ] as const) {
    await appendOnly.init(set);
    if (options !== '') {
      await appendOnly.borg(['config', appendOnly.repository(set), 'append_only', '1'], { set });
    }
    await using pod = await quickPod({ set, server: appendOnly, entry: quickMain, env });
    await pod.start();
    const done = await pod.event('upkeep.done');
    assert.deepEqual([done.chore, done.result], [chore, result]);
    await endsClean(pod, set);
    assert.deepEqual(pod.seen('upkeep.failed'), []);
  }
});
