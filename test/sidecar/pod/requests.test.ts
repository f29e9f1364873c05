import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commentsOf, dataNames } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import { endsClean, mountedPod, put, quickMain, untilLive } from '../../support/quick-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** One pod's life, which saves a text unless it is only to look; what it found is the answer. */
async function live(
  set: string,
  text: string | undefined,
  env: Environment = {},
): Promise<{ found: string; pod: Pod }> {
  const pod = await mountedPod({ set, server, entry: quickMain, env: { ...env } });
  await pod.start();
  await untilLive(pod);
  const found = await readFile(join(pod.dataDir, `${set}.txt`), 'utf8').catch(() => '');
  if (text !== undefined) await put(pod, `${set}.txt`, text);
  await endsClean(pod, set);
  await pod[Symbol.asyncDispose]();
  return { found, pod };
}

test('RESTORE_ARCHIVE is restored once, is the newest from then on, and is ignored by later starts', async () => {
  const set = 'requests-archive';
  await server.init(set);
  await live(set, 'one');
  const [first = ''] = await dataNames(server, set);
  await live(set, 'two');
  const env = { RESTORE_ARCHIVE: first };
  const { found, pod } = await live(set, undefined, env);
  assert.equal(found, 'one');
  assert.equal((await pod.event('requested')).restored, first);
  const newest = (await dataNames(server, set)).at(-1) ?? '';
  assert.equal((await pod.event('requested')).archive, newest);
  const { [newest]: comment } = await commentsOf(server, set);
  assert.match(comment?.restore ?? '', /^[0-9a-f]{16}$/);

  const again = await live(set, 'three', env);
  assert.equal(again.found, 'one');
  assert.deepEqual(again.pod.seen('requested'), []);
  const last = await live(set, undefined, env);
  assert.equal(last.found, 'three', 'the request was done a second time');
});

test('RESTORE_AT takes the newest that is not younger', async () => {
  const set = 'requests-at';
  await server.init(set);
  await live(set, 'old');
  const [archive] = await server
    .archives(set)
    .then((all) => all.filter(({ comment }) => comment.includes('kind=data')));
  await live(set, 'new');
  // Borg's times have whole seconds here, and the next pod is younger.
  const { found } = await live(set, undefined, { RESTORE_AT: `${archive?.start.slice(0, 19)}.999Z` });
  assert.equal(found, 'old');
});

test('an archive that is not there ends the start with 3, by name', async () => {
  const set = 'requests-missing';
  await server.init(set);
  await live(set, 'one');
  await using pod = await mountedPod({
    set,
    server,
    entry: quickMain,
    env: { RESTORE_ARCHIVE: `${set}-0000000099` },
  });
  await pod.start();
  assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
  assert.match(await pod.lastWords(), /RESTORE_ARCHIVE=requests-missing-0000000099 asks for an archive/);
});
