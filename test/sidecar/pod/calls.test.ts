import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataNames, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { endsClean, mountedPod, put, quickMain, untilLive } from '../../support/quick-pod.ts';
import { Receiver } from '../../support/receiver.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const TOKEN = 'canary-2718281828';

/** An archive of one file, and the settings that name all four calls. */
async function prepare(set: string, receiver: Receiver): Promise<Record<string, string>> {
  await server.init(set);
  await using source = await TemporaryDirectory.make(set);
  await writeFile(join(source.path, `${set}-old`), 'old');
  await seedArchive(server, { set, directory: source.path });
  const url = (path: string) => receiver.url(`/${TOKEN}${path}`);
  return {
    HEARTBEAT_URL: url('/beat'),
    PRE_BACKUP_URL: url('/pre'),
    POST_BACKUP_URL: url('/post'),
    POST_RESTORE_URL: url('/restored'),
  };
}

test('each call comes where it belongs: after the restore, around an archive, and once that counts', async () => {
  const set = 'calls';
  await using receiver = await Receiver.start();
  const env = { BACKUP_INTERVAL: '1h', BACKUP_QUIET_PERIOD: '0s', ...(await prepare(set, receiver)) };
  await using pod = await mountedPod({ set, server, entry: quickMain, env });
  const seen: Record<string, unknown>[] = [];
  receiver.onCall = async (path) => {
    const call = path.replace(`/${TOKEN}/`, '');
    const archives = (await dataNames(server, set)).length;
    seen.push({ call, archives, restored: existsSync(join(pod.dataDir, `${set}-old`)) });
    if (call === 'restored') assert.equal(existsSync(pod.readyFile), false);
  };
  await pod.start();
  await untilLive(pod);
  await receiver.got(2);
  await put(pod, `${set}-new`, 'new');
  await pod.event('save.done');
  await receiver.got(5);
  // What a call finds in the repository is known a moment after it came.
  await until(
    () => seen.length,
    (count) => count === 5,
  );
  await endsClean(pod, set);
  const [restored, quiet, pre, ...rest] = seen;
  assert.deepEqual(
    [restored, quiet, pre],
    ['restored', 'beat', 'pre'].map((call) => ({ call, archives: 1, restored: true })),
  );
  assert.deepEqual(rest.map(({ call, archives }) => `${call} ${archives}`).sort(), ['beat 2', 'post 2']);
});

test('nobody who answers stops neither start nor save, and an address is nowhere to be read', async () => {
  const set = 'calls-fail';
  await using receiver = await Receiver.start();
  const env = await prepare(set, receiver);
  const at = (path: string) => `/${TOKEN}/${path}`;
  receiver.replies = { [at('restored')]: 'hang', [at('pre')]: 'hang', [at('post')]: 500, [at('beat')]: 302 };
  await using pod = await mountedPod({ set, server, entry: quickMain, env });
  await pod.start();
  await untilLive(pod);
  await put(pod, `${set}-new`, 'new');
  await pod.event('save.done');
  for (const call of ['post-restore', 'pre-backup', 'post-backup', 'heartbeat']) {
    const { level, msg } = await pod.event(`${call}.failed`);
    assert.equal(level, 'warn');
    assert.match(String(msg), new RegExp(`_URL to ${receiver.host} failed: `));
  }
  const { text: metrics } = await pod.get('/metrics');
  assert.match(metrics, /^borg_volume_sync_call_failures_total\{setting="PRE_BACKUP_URL"\} 1$/m);
  const shown = [metrics, JSON.stringify(await pod.status())];
  const { lines } = await endsClean(pod, set);
  assert.ok(![...shown, JSON.stringify(lines)].some((text) => text.includes(TOKEN)));
});
