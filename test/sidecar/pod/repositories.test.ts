import assert from 'node:assert/strict';
import { cp, rename, rm } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { dataNames } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { changePassphrase } from '../../support/passphrase.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { until } from '../../support/until.ts';

const server = await BorgServer.start();
const appendOnly = await BorgServer.start({
  forcedCommand: (dir) => `borg serve --append-only --restrict-to-path ${dir}`,
});
after(() => Promise.all([server, appendOnly].map((each) => each[Symbol.asyncDispose]())));

async function saved(pod: Pod, name: string, content: string): Promise<void> {
  const archives = pod.seen('save.done').length;
  await put(pod, name, content);
  await pod.event('save.done', (line) => pod.seen('save.done').indexOf(line) >= archives);
}

describe('a repository that is not what it was', { concurrency: true }, () => {
  test("rolled back to yesterday's copy: named, left alone, and gone on with when it is back", async () => {
    const set = 'repositories-rolled-back';
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain });
    await pod.start();
    await untilLive(pod);
    await saved(pod, `${set}.txt`, 'rolled-back: yesterday');
    const place = server.repository(set);
    await cp(place, `${place}-copy`, { recursive: true });
    await saved(pod, `${set}.txt`, 'rolled-back: today');
    const names = await dataNames(server, set);
    await rename(place, `${place}-today`);
    await rename(`${place}-copy`, place);
    const old = await dataNames(server, set);
    await put(pod, `${set}.txt`, 'rolled-back: unsaved');
    const failure = await pod.event('failure');
    assert.equal(failure.reason, 'rolled-back', String(failure.msg));
    await pod.next('failure');
    assert.deepEqual(await dataNames(server, set), old, 'something was written to the old copy');
    assert.equal((await pod.get('/startup')).status, 200);
    await rm(place, { recursive: true });
    await rename(`${place}-today`, place);
    await pod.event('save.done', ({ archive }) => !names.includes(String(archive)));
    await endsClean(pod, set);
  });

  test('with another passphrase, and the old one again', async () => {
    const set = 'repositories-passphrase';
    const [passphrase, other] = ['first words', 'other words'];
    await server.init(set, { passphrase });
    await using pod = await quickPod({ set, server, entry: quickMain, env: { BORG_PASSPHRASE: passphrase } });
    await pod.start();
    await untilLive(pod);
    const change = (from: string, to: string) => changePassphrase(server.repository(set), from, to);
    await change(passphrase, other);
    await put(pod, `${set}.txt`, 'passphrase: unsaved');
    assert.equal((await pod.event('failure')).reason, 'passphrase-wrong');
    await change(other, passphrase);
    await pod.event('recovered');
    assert.equal((await pod.status()).failure, undefined);
    await endsClean(pod, set);
  });

  test('that only takes additions: saved as ever, retention is accepted', async () => {
    const set = 'repositories-append-only';
    await appendOnly.init(set);
    const env = { PRUNE_FLAGS: '--keep-last 1' };
    await using pod = await quickPod({ set, server: appendOnly, entry: quickMain, env });
    await pod.start();
    await untilLive(pod);
    for (let round = 1; round <= 5; round += 1) await saved(pod, `${set}.txt`, `append-only: ${round}`);
    await until(
      () => dataNames(appendOnly, set),
      (names) => names.length === 3,
    );
    await endsClean(pod, set);
    assert.deepEqual([...pod.seen('failure'), ...pod.seen('delete.failed')], []);
  });
});
