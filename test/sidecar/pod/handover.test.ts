import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { commentsOf, extractByHand } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { noise } from '../../support/noise.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

async function startedPod(set: string, name: string, env: Record<string, string> = {}): Promise<Pod> {
  const pod = await quickPod({ set, server, entry: quickMain, name, env });
  await pod.start();
  return pod;
}

async function contentOf(pod: Pod, name: string): Promise<string> {
  return await readFile(join(pod.dataDir, name), 'utf8');
}

// Each waits for the other pod most of the time.
describe('one pod takes over from another', { concurrency: true }, () => {
  test('a drained pod whose final save takes 10 s hands over with nothing lost, and within 3 s', async (t) => {
    const set = 'handover-drain';
    await server.init(set);
    await using old = await startedPod(set, 'old', { BACKUP_INTERVAL: '1h', UPLOAD_LIMIT: '100' });
    await untilLive(old);
    await put(old, `${set}.txt`, 'handover-drain: before prestop');
    await old.prestop();
    await old.event('save.done', ({ final }) => final === false);

    await using young = await startedPod(set, 'young');
    const waiting = await young.event('handover.waiting');
    assert.deepEqual({ pod: waiting.pod, closing: waiting.closing }, { pod: 'old', closing: true });
    const status = await young.status<{ ready: boolean; waitingFor: { pod: string } }>();
    assert.deepEqual([status.ready, status.waitingFor.pod], [false, 'old']);
    await put(old, `${set}.large`, noise(set, 1_000_000));
    await put(old, `${set}.txt`, 'handover-drain: the last word');
    await endsClean(old, set);
    const saved = performance.now();
    await young.event('gate.opened');
    const took = performance.now() - saved;
    t.diagnostic(`final save ${old.seen('save.done').at(-1)?.seconds} s, ready ${Math.round(took)} ms later`);
    assert.equal(await contentOf(young, `${set}.txt`), 'handover-drain: the last word');
    await endsClean(young, set);
  });

  test('a stale writer that comes back is fenced, says by whom, and saves forks', async () => {
    const set = 'handover-stale';
    await server.init(set);
    await using stale = await startedPod(set, 'stale');
    await untilLive(stale);
    await put(stale, `${set}.txt`, 'handover-stale: common');
    await stale.event('save.done');
    stale.container.signal('SIGSTOP');

    await using next = await startedPod(set, 'next', { HANDOVER_TIMEOUT: '1s' });
    await next.event('handover.waiting');
    await next.event('gate.opened');
    await put(next, `${set}.txt`, 'handover-stale: of the next');
    await next.event('save.done');

    await put(stale, `${set}.txt`, 'handover-stale: of the stale one');
    stale.container.signal('SIGCONT');
    const fenced = await stale.event('fenced');
    assert.deepEqual([fenced.level, fenced.pod], ['error', 'next']);
    const { archive: first } = await stale.event('fork.done');
    assert.equal((await stale.get('/startup')).status, 200);
    await put(stale, `${set}.txt`, 'handover-stale: more of the stale one');
    const { archive: second } = await stale.event('fork.done', ({ archive }) => archive !== first);
    const status = await stale.status<{ state: string; fencedBy: { pod: string }; forks: string[] }>();
    assert.deepEqual([status.state, status.fencedBy.pod], ['fenced', 'next']);
    await endsClean(stale, set);
    await endsClean(next, set);
    assert.deepEqual(
      [first, second].map((name) => String(name).replace(/[0-9a-f]{16}/, 'W')),
      [`${set}.fork-W-1`, `${set}.fork-W-2`],
    );
    await using fork = await extractByHand(server, { set, name: String(second) });
    assert.equal(
      await readFile(join(fork.path, `${set}.txt`), 'utf8'),
      'handover-stale: more of the stale one',
    );
    const data = Object.values(await commentsOf(server, set)).filter((comment) => comment?.kind === 'data');
    const newest = data.reduce((one, other) => ((one?.seq ?? 0) > (other?.seq ?? 0) ? one : other));
    assert.equal(newest?.pod, 'next');
  });

  test('eight that start at once: one is saved as the newest, seven as forks', async () => {
    const set = 'handover-eight';
    await server.init(set);
    // A mounted repository: eight times ssh and sshd would only cost time.
    const env = { HANDOVER_TIMEOUT: '0s', REPO_BASE: server.reposDir };
    await using stack = new AsyncDisposableStack();
    const start = async (index: number) => stack.use(await startedPod(set, `pod-${index}`, env));
    const pods = await Promise.all(Array.from({ length: 8 }, (_, index) => start(index)));
    await Promise.all(pods.map((pod) => pod.event('gate.opened', undefined, '120s')));
    for (const pod of pods) await put(pod, `${set}.txt`, `handover-eight: ${pod.name}`);
    await Promise.all(pods.map((pod) => pod.terminate('120s')));
    const wrote = (pod: Pod) =>
      [...pod.seen('save.done'), ...pod.seen('fork.done')].at(-1)?.event as 'save.done' | 'fork.done';
    assert.deepEqual(pods.map(wrote).sort(), [...Array(7).fill('fork.done'), 'save.done']);
    const order = (await commentsOf(server, set)) as Record<string, { kind: string; pod: string }>;
    const [newest] = Object.keys(order)
      .filter((name) => order[name]?.kind === 'data')
      .sort()
      .reverse();
    const winner = pods.find((pod) => wrote(pod) === 'save.done');
    assert.equal(order[newest ?? '']?.pod, winner?.name);
    await using last = await startedPod(set, 'last', env);
    await last.event('gate.opened');
    assert.equal(await contentOf(last, `${set}.txt`), `handover-eight: ${winner?.name}`);
  });
});
