import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dataOf } from '../support/archive.ts';
import { BorgServer } from '../support/borg-server.ts';
import { borg12 } from '../support/paths.ts';
import { Predecessor, predecessorsManifest } from '../support/predecessor.ts';
import { writeSecret } from '../support/secret.ts';
import { compare, snapshot } from '../support/snapshot.ts';
import { TemporaryDirectory } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start({ borg: borg12 });
const scratch = await TemporaryDirectory.make('predecessor');
after(() => server[Symbol.asyncDispose]());
after(() => scratch[Symbol.asyncDispose]());

const { user, passphrase } = predecessorsManifest;

test("the predecessor's container works with another image name, and nothing else", async () => {
  const set = 'predecessor';
  const data = await new Predecessor(server, scratch.path).saved(set, ['1700000000', '1700000600-exit']);
  // As its README has it: root, no securityContext, volume and Secret as the only mounts, the passphrase a literal.
  const env = { USER_UID: String(user), BORG_PASSPHRASE: passphrase, LOG_LEVEL: undefined };
  await using pod = await ImagePod.create({ set, server, env, volumes: ['data', 'ssh-key'] });
  const files = { 'ssh-privatekey': server.privateKey, 'ssh-publickey': `${server.publicKey}\n` };
  await writeSecret(pod.sshKeyDir, files, { mode: 0o400 });
  await pod.start();
  const probe = () =>
    pod.container.exec('cat', '/tmp/READY').then(
      () => 'ready',
      () => 'not ready',
    );
  await until(probe, (answer) => answer === 'ready');
  const [before, restored] = [
    await snapshot(data, { times: true }),
    await snapshot(pod.dataDir, { times: true }),
  ];
  assert.deepEqual(compare(before, restored), []);

  await writeFile(join(pod.dataDir, set, 'saved as'), 'by the successor');
  // Beside its mounts it writes where the image says that it does.
  const written = readdirSync(pod.container.written, { recursive: true, encoding: 'utf8' });
  const places = ['data', 'ssh-key', 'tmp', 'var', 'var/lib', 'var/lib/borg-volume-sync'];
  const others = written.filter((path) => !/^(?:tmp|var\/lib\/borg-volume-sync)\//.test(path));
  assert.deepEqual(others.sort(), places);
  assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
  const saved = await dataOf(server, set, passphrase);
  assert.deepEqual(
    saved.map(({ comment: { legacy, final } }) => ({ legacy, final })),
    [{ legacy: 1_700_000_600, final: true }],
  );
});
