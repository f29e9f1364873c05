import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { extractByHand, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { needsRoot } from '../../support/other-user.ts';
import { endsClean, put, quickPod } from '../../support/quick-pod.ts';
import { refusal } from '../../support/refusal.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { addOddities, addOwners } from '../../support/volume.ts';

/** No /etc/passwd has it. */
const USER = 100_123;
const asRoot = { skip: needsRoot };
const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

test(
  'a user without passwd entry and rights, under a read-only root, restores and saves',
  asRoot,
  async () => {
    const set = 'user-restricted';
    await server.init(set);
    await using source = await TemporaryDirectory.make('user');
    await addOddities(join(source.path, set));
    await seedArchive(server, { set, directory: source.path });
    await using pod = await quickPod({ set, server, uid: USER, readOnlyRoot: true });
    await pod.start();
    await pod.event('gate.opened');
    const status = readFileSync(`/proc/${pod.pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\t${USER}\t${USER}\t${USER}\t${USER}$`, 'm'));
    assert.match(status, /^CapBnd:\t0+$/m);
    const [expected, restored] = [await snapshot(source.path), await snapshot(pod.dataDir)];
    assert.deepEqual(new Set([...restored.values()].map(({ uid }) => uid)), new Set([USER]));
    const differences = compare(expected, await snapshot(pod.dataDir));
    assert.deepEqual(
      differences.filter((line) => !/: [ug]id is 100123, expected 0$/.test(line)),
      [],
    );
    assert.match(
      String((await pod.event('restore.owner')).msg),
      /belong to user 0 and are restored as user 100123's/,
    );

    await put(pod, `${set}.new`, 'user-restricted: new');
    const { archive } = await pod.event('save.done');
    await endsClean(pod, set);
    await using directory = await extractByHand(server, { set, name: String(archive) });
    assert.deepEqual(
      compare(await snapshot(pod.dataDir), await snapshot(directory.path, { ignore: [] })),
      [],
    );
  },
);

test(
  'files of several users are restored by nobody but root, unless USER_UID makes them one’s',
  asRoot,
  async () => {
    const set = 'user-several';
    await server.init(set);
    await using source = await TemporaryDirectory.make('user');
    await addOwners(source.path, [
      [1005, 1005],
      [1006, 1006],
    ]);
    await seedArchive(server, { set, directory: source.path });
    await using pod = await quickPod({ set, server, uid: USER });
    await pod.start();
    assert.equal((await pod.container.ended()).exitCode, 3, pod.log.tail());
    assert.match(
      await pod.lastWords(),
      /has files of several users \(1005, 1006, and the program runs as 100123\)/,
    );
    await pod.start({ USER_UID: String(USER) });
    await pod.event('gate.opened');
    const entries = [...(await snapshot(pod.dataDir))].map(([name, { uid }]) => [name, uid]);
    assert.deepEqual(entries, [
      ['of-1005-1005', USER],
      ['of-1006-1006', USER],
    ]);
    await endsClean(pod, 'of-');
  },
);

test('a STATE_DIR that the user may not write is said by name', asRoot, async () => {
  const set = 'user-state';
  await server.init(set);
  await using pod = await quickPod({ set, server, uid: USER });
  assert.equal(
    await refusal(pod, 2, { STATE_DIR: '/usr' }),
    "STATE_DIR is \"/usr\", which can't be written (EACCES: permission denied, access '/usr'): mount an emptyDir there.",
  );
});
