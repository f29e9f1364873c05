import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execa } from 'execa';
import { seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import { quickMain, quickPod } from '../../support/quick-pod.ts';
import { refusal } from '../../support/refusal.ts';
import { writeSecret } from '../../support/secret.ts';
import { makeKeyPair } from '../../support/ssh-key.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const server = await BorgServer.start();
// The path of a session comes from its own line, and the first one counts.
const withoutBorg = await BorgServer.start({ sshdOptions: ['SetEnv PATH=/nowhere'] });
const keys = await TemporaryDirectory.make('keys');
after(() => Promise.all([server, withoutBorg, keys].map((each) => each[Symbol.asyncDispose]())));

/** Appears in a passphrase or a command, and must appear nowhere else. */
const SECRET = 'canary-3141592653';

interface Place {
  readonly set: string;
  readonly pod: Pod;
}

interface Row {
  readonly title: string;
  /** What stands in the last sentence; `SET` is the set's name. */
  readonly says: readonly string[];
  readonly prepare?: (place: Place) => Promise<Environment | undefined>;
  readonly env?: Environment;
  readonly server?: BorgServer;
  /** The repository's own; without it, there is an unencrypted one, or none. */
  readonly passphrase?: string;
  readonly repository?: 'none';
}

/** The same repositories as a mounted directory: no ssh where the case is not about it. */
const mounted: Environment = { REPO_BASE: server.reposDir };
const login = `${server.user}@127.0.0.1`;
const url = server.repoBase;

const secretWith =
  (files: (pod: Pod) => Promise<Record<string, string>> | Record<string, string>) =>
  async ({ pod }: Place) => {
    await writeSecret(pod.sshKeyDir, await files(pod));
    return undefined;
  };

/** A key of its own for this pod, with what the server allows it. */
const keyThatMay =
  (options: (set: string) => string) =>
  async ({ set, pod }: Place) => {
    const { privateKey, publicKey } = await makeKeyPair(keys.path, set);
    await server.authorize(publicKey, options(set));
    await writeSecret(pod.sshKeyDir, { 'ssh-privatekey': privateKey, known_hosts: server.knownHosts });
    return undefined;
  };

const foreignArchive = async (set: string, name: string) => {
  // Anything that holds still.
  await server.borg(['create', `::${name}`, '.'], { set, cwd: import.meta.dirname });
  return undefined;
};

const ofPassphrases: Row[] = [
  {
    title: 'a wrong passphrase',
    passphrase: 'right',
    env: { ...mounted, BORG_PASSPHRASE: SECRET },
    says: ['passphrase does not open', `${server.reposDir}/SET`, 'correct BORG_PASSPHRASE'],
  },
  {
    title: 'an encrypted repository and no passphrase',
    passphrase: SECRET,
    env: mounted,
    says: ['is encrypted and there is no passphrase', `${server.reposDir}/SET`, 'set BORG_PASSPHRASE'],
  },
  {
    title: 'a passphrase and an unencrypted repository',
    env: { ...mounted, BORG_PASSPHRASE: SECRET },
    says: ['is not encrypted, but a passphrase is set', `${server.reposDir}/SET`, 'remove the passphrase'],
  },
  {
    title: 'a passphrase command that fails',
    passphrase: 'right',
    env: { ...mounted, BORG_PASSCOMMAND: `cat /run/${SECRET}` },
    says: ['BORG_PASSCOMMAND failed', 'run it by hand'],
  },
  {
    title: 'a passphrase file that is missing',
    passphrase: 'right',
    env: { ...mounted, BORG_PASSPHRASE_FILE: '/nowhere/passphrase' },
    says: ['BORG_PASSPHRASE_FILE is "/nowhere/passphrase"', 'no such file', 'mount the Secret'],
  },
];

const hostKeySays = [
  `127.0.0.1, port ${server.port}`,
  `ssh-keyscan -p ${server.port} 127.0.0.1`,
  'SSH_KEY_DIR',
];

const ofTheWay: Row[] = [
  {
    title: "known_hosts without this server's key",
    prepare: secretWith(() => ({
      'ssh-privatekey': server.privateKey,
      known_hosts: server.knownHosts.replace('127.0.0.1', '192.0.2.1'),
    })),
    says: ['is not in known_hosts', ...hostKeySays],
  },
  {
    title: 'known_hosts with another key for this server',
    prepare: secretWith(() => ({
      'ssh-privatekey': server.privateKey,
      known_hosts: `[127.0.0.1]:${server.port} ${withoutBorg.knownHosts.split(' ').slice(1).join(' ')}`,
    })),
    says: ['is not the known one', 'replace its line', ...hostKeySays],
  },
  {
    title: 'no known_hosts where the check is strict',
    env: { SSH_HOST_KEY_CHECKING: 'strict' },
    prepare: secretWith(() => ({ 'ssh-privatekey': server.privateKey })),
    says: ['SSH_HOST_KEY_CHECKING is strict', 'ssh-key/known_hosts', 'add known_hosts to the Secret'],
  },
  {
    title: 'a key that the server refuses',
    prepare: secretWith(async () => ({
      'ssh-privatekey': (await makeKeyPair(keys.path, 'refused')).privateKey,
      known_hosts: server.knownHosts,
    })),
    says: [`refused the key for ${login}`, 'Permission denied (publickey)', 'authorized_keys'],
  },
  {
    title: 'a Secret without a private key',
    prepare: secretWith(() => ({ known_hosts: server.knownHosts })),
    says: ['no private key', 'ssh-key/ssh-privatekey', 'mount the Secret'],
  },
  {
    title: 'half a private key',
    prepare: secretWith(() => ({
      'ssh-privatekey': server.privateKey.slice(0, 200),
      known_hosts: server.knownHosts,
    })),
    says: ['ssh-key/ssh-privatekey', "can't be used", 'whole OpenSSH private key'],
  },
  {
    title: 'a private key with a passphrase',
    prepare: secretWith(async () => {
      const { path } = await makeKeyPair(keys.path, 'locked');
      await execa('ssh-keygen', ['-q', '-p', '-f', path, '-P', '', '-N', SECRET]);
      return {
        'ssh-privatekey': await execa('cat', [path]).then(({ stdout }) => stdout),
        known_hosts: server.knownHosts,
      };
    }),
    says: ['ssh-key/ssh-privatekey', "can't be used", 'without a passphrase'],
  },
];

const ofTheRepository: Row[] = [
  {
    title: 'a repository that does not exist',
    repository: 'none',
    says: [`no repository ${url}/SET`, '"borg init"', 'INIT_REPOSITORY=true'],
  },
  {
    title: 'an empty directory in place of a repository',
    repository: 'none',
    prepare: async ({ set }) => void (await mkdir(server.repository(set))) as undefined,
    says: [`${url}/SET exists, but is not a repository`, 'correct REPO_BASE or ARCHIVE_NAME'],
  },
  {
    title: 'a directory with other files in place of a repository',
    repository: 'none',
    prepare: async ({ set }) => {
      await mkdir(server.repository(set));
      await writeFile(join(server.repository(set), 'config'), '[core]\nbare = true\n');
      return { INIT_REPOSITORY: 'true' };
    },
    says: [`${url}/SET exists, but is not a repository`, 'no repository section', 'correct REPO_BASE or'],
  },
  {
    title: 'a server without Borg',
    server: withoutBorg,
    says: [`${login} has no borg command`, 'borg', 'not found', 'install borgbackup there'],
  },
  ...[
    'bash: line 1: borg: command not found',
    'zsh:1: command not found: borg',
    'fish: Unknown command: borg',
  ].map(
    (words): Row => ({
      title: `a server whose shell says "${words}"`,
      prepare: keyThatMay(() => `restrict,command="echo '${words}' >&2; exit 127"`),
      says: [`${login} has no borg command (${words})`, 'BORG_REMOTE_PATH'],
    }),
  ),
  {
    title: 'a path that the key may not use',
    prepare: keyThatMay(
      () => `restrict,command="borg serve --restrict-to-repository ${server.reposDir}/other"`,
    ),
    says: [`${login} may not use ${url}/SET`, '--restrict-to-', 'correct it, or REPO_BASE'],
  },
  {
    title: 'a server whose shell greets',
    prepare: keyThatMay(() => 'restrict,command="echo Welcome; exec borg serve"'),
    says: [`${login} answers with something else`, 'Welcome', 'start files of its shell'],
  },
];

const ofContents: Row[] = [
  {
    title: 'archives that are not of this set',
    env: mounted,
    prepare: ({ set }) => foreignArchive(set, 'of-somebody-else'),
    says: ['not of the set "SET" (of-somebody-else)', 'correct ARCHIVE_NAME or REPO_BASE'],
  },
  {
    title: "an archive with the set's name that this program did not make",
    env: mounted,
    prepare: ({ set }) => foreignArchive(set, `${set}-0000000001`),
    says: ['not of the set "SET" (SET-0000000001)', 'each set needs a repository of its own'],
  },
  {
    title: 'an empty repository with another id than the pinned one',
    env: { ...mounted, REPOSITORY_ID: 'ab'.repeat(32) },
    says: [`REPOSITORY_ID is ${'ab'.repeat(32)}`, 'The repository has the id', 'correct REPO_BASE'],
  },
  {
    title: 'archives of this set in a repository with another id than the pinned one',
    env: { ...mounted, REPOSITORY_ID: 'cd'.repeat(32) },
    prepare: async ({ set, pod }) => {
      await seedArchive(server, { set, directory: pod.tmpDir });
      return undefined;
    },
    says: [`REPOSITORY_ID is ${'cd'.repeat(32)}`, 'if the repository was replaced on purpose'],
  },
  {
    title: 'an empty repository where ON_EMPTY_REPOSITORY is fail',
    env: { ...mounted, ON_EMPTY_REPOSITORY: 'fail' },
    says: ['The set "SET" has no archive', 'ON_EMPTY_REPOSITORY is "fail"', 'set it to "start"'],
  },
  {
    title: 'a volume with files of unknown origin',
    env: mounted,
    prepare: async ({ pod }) => void (await writeFile(join(pod.dataDir, 'file'), 'kept')) as undefined,
    says: ['holds files that this program did not put there', 'ON_NONEMPTY_VOLUME=adopt'],
  },
];

async function refused(row: Row, set: string): Promise<void> {
  const at = row.server ?? server;
  if (row.repository !== 'none') await at.init(set, row.passphrase === undefined ? {} : row);
  await using pod = await quickPod({ set, server: at, entry: quickMain });
  const env = { ...row.env, ...(await row.prepare?.({ set, pod })) };
  const before = row.repository === 'none' ? [] : await at.archives(set, row.passphrase);
  const sentence = await refusal(pod, 3, env);
  for (const words of row.says) {
    const expected = words.replaceAll('SET', set).replace(`REPO${set}`, 'REPOSET');
    assert.ok(sentence.includes(expected), `"${expected}" is missing in: ${sentence}`);
  }
  assert.ok(!JSON.stringify(pod.lines).includes(SECRET), 'a secret is in the log');
  const left = row.repository === 'none' ? [] : await at.archives(set, row.passphrase);
  assert.deepEqual(left, before);
}

const chapters: [string, string, Row[]][] = [
  ['passphrase', 'the passphrase', ofPassphrases],
  ['way', 'the way to the server', ofTheWay],
  ['repository', 'the repository', ofTheRepository],
  ['contents', 'what is in repository and volume', ofContents],
];
for (const [prefix, what, rows] of chapters) {
  describe(`before the application may run, a person is told what is wrong with ${what}`, {
    concurrency: 2,
  }, () => {
    for (const [index, row] of rows.entries()) {
      test(row.title, () => refused(row, `${prefix}-${index}`));
    }
  });
}
