import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execa } from 'execa';
import { BorgServer } from '../support/borg-server.ts';
import { compare, snapshot } from '../support/snapshot.ts';
import { addOddities } from '../support/volume.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

describe('under a read-only root, without capabilities and new privileges', { concurrency: 3 }, () => {
  for (const uid of [1005, 65_534, 100_123]) {
    test(`user ${uid} starts, saves, ends, and a second pod restores it all`, async () => {
      const set = `hardened-${uid}`;
      const env = { BORG_PASSPHRASE: 'restricted' };
      await server.init(set, { passphrase: env.BORG_PASSPHRASE });
      await using pod = await ImagePod.create({ set, server, env, uid, fsGroup: uid, readOnlyRoot: true });
      await pod.start();
      await pod.event('gate.opened');
      await addOddities(pod.dataDir);
      await execa('chown', ['-hR', `${uid}:${uid}`, join(pod.dataDir, 'oddities')]);
      const saved = await snapshot(pod.dataDir, { ignore: ['.borg-volume-sync'] });
      assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
      assert.equal(pod.seen('save.done').length, 1);

      await pod.newVolume();
      await pod.start();
      await pod.event('restore.done');
      await pod.event('gate.opened');
      assert.deepEqual(compare(saved, await snapshot(pod.dataDir)), []);
      await writeFile(join(pod.dataDir, 'more'), 'from the second pod');
      assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
    });
  }
});
