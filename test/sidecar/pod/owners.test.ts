import assert from 'node:assert/strict';
import { chmod, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { runtimeCapabilities } from '../../support/container-command.ts';
import { needsRoot, OTHER_USER } from '../../support/other-user.ts';
import type { Environment, PodConfinement } from '../../support/pod.ts';
import { quickMain, quickPod } from '../../support/quick-pod.ts';
import { refusal } from '../../support/refusal.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { addOwners } from '../../support/volume.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const withoutChown = { capabilities: runtimeCapabilities.filter((name) => name !== 'chown') };
const somebody = { uid: OTHER_USER };

interface Row {
  readonly title: string;
  readonly archived: readonly number[];
  readonly as: PodConfinement;
  readonly env?: Environment;
  /** Whose the files are then: as archived, or this user's; or what the refusal says. */
  readonly owner: 'as archived' | number | { readonly refused: string };
  readonly warns?: string;
}

const rows: Row[] = [
  {
    title: 'root restores several owners as archived',
    archived: [1000, 2000],
    as: {},
    owner: 'as archived',
  },
  {
    title: 'root without CHOWN refuses several owners, by number',
    archived: [1000, 2000],
    as: withoutChown,
    owner: { refused: 'several users (1000, 2000, and the program runs as 0)' },
  },
  {
    title: 'root without CHOWN warns of one other owner',
    archived: [1000],
    as: withoutChown,
    owner: 0,
    warns: "belong to user 1000 and are restored as user 0's",
  },
  {
    title: 'root whose USER_UID is 0 takes all',
    archived: [1000, 2000],
    as: {},
    env: { USER_UID: '0' },
    owner: 0,
  },
  {
    title: 'an ordinary user refuses several owners, by number',
    archived: [1000, 2000],
    as: somebody,
    owner: { refused: `several users (1000, 2000, and the program runs as ${OTHER_USER})` },
  },
  {
    title: 'an ordinary user refuses its own files beside those of another',
    archived: [1000, OTHER_USER],
    as: somebody,
    owner: { refused: `several users (1000, and the program runs as ${OTHER_USER})` },
  },
  {
    title: 'an ordinary user warns of one other owner',
    archived: [1000],
    as: somebody,
    owner: OTHER_USER,
    warns: `belong to user 1000 and are restored as user ${OTHER_USER}'s`,
  },
  {
    title: 'an ordinary user restores its own files without a word',
    archived: [OTHER_USER],
    as: somebody,
    owner: OTHER_USER,
  },
  {
    title: 'an ordinary user whose USER_UID is its own takes all without a word',
    archived: [1000, 2000],
    as: somebody,
    env: { USER_UID: String(OTHER_USER) },
    owner: OTHER_USER,
  },
];

/** An archive with a file of each owner, and one that runs as its owner. */
async function seed(set: string, owners: readonly number[]): Promise<string[]> {
  await server.init(set);
  await using directory = await TemporaryDirectory.make('owned');
  await addOwners(
    directory.path,
    owners.map((uid) => [uid, uid]),
  );
  const names = owners.map((uid) => `of-${uid}-${uid}`);
  await chmod(join(directory.path, names[0] ?? ''), 0o4755);
  await seedArchive(server, { set, directory: directory.path, args: ['--numeric-ids'] });
  return names;
}

describe('whose the files of an archive are after its restore', { concurrency: 2, skip: needsRoot }, () => {
  for (const [index, { title, archived, as, env = {}, owner, warns }] of rows.entries()) {
    test(title, async () => {
      const set = `owners-${index}`;
      const names = await seed(set, archived);
      await using pod = await quickPod({ set, server, entry: quickMain, ...as });
      if (typeof owner === 'object') {
        const sentence = await refusal(pod, 3, env);
        assert.ok(sentence.includes(owner.refused), sentence);
        assert.match(sentence, /: run as root with CHOWN, .*, or set USER_UID/);
        return;
      }
      await pod.start(env);
      await pod.event('gate.opened');
      const found = await Promise.all(names.map((name) => lstat(join(pod.dataDir, name))));
      assert.deepEqual(
        found.map(({ uid }) => uid),
        owner === 'as archived' ? archived : archived.map(() => owner),
      );
      const warnings = pod.seen('restore.owner');
      assert.equal(warnings.length, warns === undefined ? 0 : 1);
      assert.ok(warns === undefined || warnings[0]?.msg?.includes(warns), pod.log.tail());
      assert.equal((await pod.terminate()).exitCode, 0);
    });
  }
});
