import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { dataOf, extractByHand } from '../../support/archive.ts';
import { findDamage, type JournalMode, makeBank, startTransfers } from '../../support/bank.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { endsClean, mountedPod, put, quickMain, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const ARCHIVES = 4;

describe('archives of databases that are written to all the time', { concurrency: true }, () => {
  for (const [mode, env] of [
    ['wal', {}],
    ['delete', {}],
    // What the archive may not hold is not needed.
    ['wal', { EXCLUDE: 'fm:*.db-wal\nfm:*/databases/*\nfm:tmp/*' }],
  ] as const satisfies [JournalMode, Record<string, string>][]) {
    const set = `sqlite-${mode}${'EXCLUDE' in env ? '-exclude' : ''}`;
    test(`${set}: each holds a state that existed`, async () => {
      await server.init(set);
      await using pod = await mountedPod({
        set,
        server,
        entry: quickMain,
        env: { PRUNE_FLAGS: 'none', ...env },
      });
      const directory = join(pod.dataDir, `${set} [a] {b}`);
      await pod.start();
      await untilLive(pod);
      mkdirSync(directory);
      {
        await using _clerk = await startTransfers(join(directory, 'bank.db'), mode);
        for (let saves = 0; saves < ARCHIVES; saves += 1) {
          await pod.next('save.done');
        }
      }
      await endsClean(pod, set);
      const archives = (await dataOf(server, set)).slice(1);
      assert.ok(archives.length >= ARCHIVES - 1);
      for (const { name, comment } of archives) {
        await using restored = await extractByHand(server, { set, name });
        const files = readdirSync(join(restored.path, `${set} [a] {b}`));
        assert.deepEqual(
          [findDamage(join(restored.path, `${set} [a] {b}`, 'bank.db')), comment.consistent],
          [undefined, true],
          `${name}: ${files}`,
        );
        assert.equal(files.includes('bank.db-shm'), false);
      }
      assert.deepEqual(pod.seen('database.raw'), []);
      assert.deepEqual(
        readdirSync(pod.dataDir).filter((name) => name.startsWith('var')),
        [],
      );
    });
  }

  test('SQLITE=off: nothing is held or copied, and no archive says that it is consistent', async () => {
    const set = 'sqlite-off';
    await server.init(set);
    await using pod = await mountedPod({
      set,
      server,
      entry: quickMain,
      env: { PRUNE_FLAGS: 'none', SQLITE: 'off' },
    });
    await pod.start();
    await untilLive(pod);
    {
      await using _clerk = await startTransfers(join(pod.dataDir, `${set}.db`), 'wal');
      for (let saves = 0; saves < ARCHIVES; saves += 1) {
        await pod.next('save.done');
      }
    }
    await endsClean(pod, set);
    const archives = await dataOf(server, set);
    assert.deepEqual(
      archives.filter(({ comment }) => comment.consistent),
      [],
    );
  });
});

test('a format that nothing makes consistent is named once, and its archives say so while it changes', async () => {
  const set = 'sqlite-formats';
  await server.init(set);
  await using pod = await mountedPod({ set, server, entry: quickMain });
  makeBank(join(pod.dataDir, `${set}.db`), 'delete').close();
  await pod.start({ ON_NONEMPTY_VOLUME: 'adopt' });
  await pod.event('save.done');
  await put(pod, `${set}.bolt`, 'one');
  await pod.next('save.done');
  writeFileSync(join(pod.dataDir, `${set}.bolt`), 'two');
  await pod.next('save.done');
  await endsClean(pod, set);
  assert.equal(pod.seen('format.fragile').length, 1);
  const archives = await dataOf(server, set);
  assert.equal(archives.at(-1)?.comment.consistent, false);
});
