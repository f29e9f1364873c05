import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { BorgServer } from '../support/borg-server.ts';
import { refusal } from '../support/refusal.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const missing = [
  { volumes: ['data', 'ssh-key', 'state'], says: 'READY_FILE is "/tmp/READY", which can\'t be written' },
  {
    volumes: ['data', 'ssh-key', 'tmp'],
    says: 'STATE_DIR is "/var/lib/borg-volume-sync", which can\'t be written',
  },
] as const;

describe('under a read-only root, a volume that is missing is said by name', { concurrency: 2 }, () => {
  for (const { volumes, says } of missing) {
    for (const who of [{}, { uid: 1005, fsGroup: 1005 }, { env: { USER_UID: '1005' } }]) {
      test(`${says.split(' ')[0]}, ${JSON.stringify(who)}`, async () => {
        const set = `missing-${volumes.at(-1)}-${Object.keys(who)[0] ?? 'root'}`;
        await server.init(set);
        await using pod = await ImagePod.create({ set, server, volumes, readOnlyRoot: true, ...who });
        const sentence = await refusal(pod, 2);
        assert.ok(sentence.startsWith(says), sentence);
        assert.match(sentence, /\(EROFS: .*\): mount an emptyDir /);
      });
    }
  }
});
