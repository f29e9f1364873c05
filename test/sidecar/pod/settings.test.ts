import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { type Declaration, declarations } from '../../../sidecar/src/settings.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { untilNoneUses } from '../../support/orphans.ts';
import { type Environment, Pod } from '../../support/pod.ts';
import { endsClean, quickMain } from '../../support/quick-pod.ts';
import { RecordedCommands } from '../../support/recorded-commands.ts';
import { refusal } from '../../support/refusal.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const SECRET = 'canary-2718281828';
/** The same repositories as a mounted directory. */
const mounted: Environment = { REPO_BASE: server.reposDir };
const root = process.getuid?.() === 0 ? {} : { skip: 'only root can start a pod as somebody else' };

/** A pod with this program and no more than it needs. */
const podFor = (set: string, uid?: number) =>
  Pod.create({ set, server, entry: quickMain, ...(uid === undefined ? {} : { uid }) });

interface Row {
  readonly title: string;
  readonly env: Environment;
  /** All that is said, in any order. */
  readonly says: readonly string[];
}

const rows: Row[] = [
  {
    title: 'nothing set at all: what is missing is named',
    env: { ARCHIVE_NAME: '', REPO_BASE: undefined },
    says: ['ARCHIVE_NAME is missing: expected letters', 'REPO_BASE is missing: expected user@host:/path'],
  },
  {
    title: 'several bad settings: each is named with what it holds and what is allowed, in one sentence each',
    env: {
      ARCHIVE_NAME: 'home/grafana',
      REPO_BASE: 'nas',
      BACKUP_INTERVAL: '5',
      INIT_REPOSITORY: 'yes',
      HTTP_PORT: '70000',
      COMPRESSION: 'gzip',
      CHUNKER_PARAMS: 'small',
      MAKE_DIRS: '../etc',
      READY_WHEN: 'always',
      DATA_DIR: 'data',
      REPOSITORY_ID: '1234',
      EXCLUDE: '*.tmp\nre:.*',
      SHRINK_GUARD: '101%',
      PRUNE_FLAGS: '--keep-last 3 --dry-run',
      HANDOVER_TIMEOUT: 'soon',
      LOCK_TIMEOUT: '-1s',
      RESTORE_AT: 'yesterday',
      SQLITE: 'on',
      USER_GID: '1000',
    },
    says: [
      'ARCHIVE_NAME is "home/grafana": expected',
      '(a directory belongs into REPO_BASE)',
      'REPO_BASE is "nas": expected',
      'BACKUP_INTERVAL is "5": expected a duration such as 30s',
      'INIT_REPOSITORY is "yes": expected true or false',
      'HTTP_PORT is "70000": expected a whole number from 0 to 65535',
      'COMPRESSION is "gzip": expected',
      'CHUNKER_PARAMS is "small": expected',
      'MAKE_DIRS is "../etc": expected',
      'READY_WHEN is "always": expected restored or backups-healthy',
      'DATA_DIR is "data": expected an absolute path',
      'REPOSITORY_ID is "1234": expected',
      'EXCLUDE, line 2, is "re:.*"',
      'SHRINK_GUARD is "101%": expected a percentage from 0% to 100%',
      'PRUNE_FLAGS is "--keep-last 3 --dry-run": expected none, or',
      'HANDOVER_TIMEOUT is "soon": expected a duration such as 30s',
      'LOCK_TIMEOUT is "-1s": expected a duration such as 30s',
      'RESTORE_AT is "yesterday": expected a time with its zone',
      'SQLITE is "on": expected auto or off',
      'USER_GID is 1000, but USER_UID is missing',
    ],
  },
  {
    title: 'settings that exclude one another are named as pairs',
    env: {
      BORG_PASSPHRASE: SECRET,
      BORG_PASSCOMMAND: `echo ${SECRET}`,
      BORG_PASSPHRASE_FILE: '/secret/passphrase',
      INIT_REPOSITORY: 'true',
      REPOSITORY_ID: 'ef'.repeat(32),
      RESTORE_ARCHIVE: 'bad-3-0000000001',
      RESTORE_AT: '2026-11-23T21:30:00Z',
      FINAL_BACKUP_TIMEOUT: '2m',
      LOCK_TIMEOUT: '90s',
      HTTP_PORT: '9000',
      STATUS_PORT: '9000',
    },
    says: [
      'BORG_PASSPHRASE and BORG_PASSPHRASE_FILE and BORG_PASSCOMMAND exclude one another',
      'INIT_REPOSITORY and REPOSITORY_ID exclude one another',
      'RESTORE_ARCHIVE and RESTORE_AT exclude one another',
      'LOCK_TIMEOUT is 90s, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT',
      'HTTP_PORT and STATUS_PORT are both 9000',
    ],
  },
  {
    title: 'a secret that is no line of text is not shown',
    env: { BORG_PASSPHRASE: `${SECRET}\nsecond line` },
    says: [
      'BORG_PASSPHRASE is not readable (its value is not shown): expected one line without a line break',
    ],
  },
];

describe('bad settings end the program with 2', { concurrency: 2 }, () => {
  for (const [index, { title, env, says }] of rows.entries()) {
    test(title, async () => {
      await using pod = await podFor(`bad-${index}`);
      const sentence = await refusal(pod, 2, env);
      for (const words of says) assert.ok(sentence.includes(words), `"${words}" is missing: ${sentence}`);
      assert.ok(!JSON.stringify(pod.lines).includes(SECRET), 'a secret is in the log');
      // Nothing else comes before it but warnings.
      assert.deepEqual(pod.seen('server.listening'), []);
    });
  }

  test('a port that is taken is named', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    try {
      await using pod = await podFor('taken');
      const http = await refusal(pod, 2, { HTTP_PORT: String(port) });
      assert.match(http, new RegExp(`^HTTP_PORT is ${port}, .*EADDRINUSE.*: choose another port`));
      const status = await refusal(pod, 2, { STATUS_PORT: String(port) });
      assert.match(status, new RegExp(`^STATUS_PORT is ${port}, .*EADDRINUSE.*: choose another port`));
    } finally {
      taken.close();
    }
  });

  test('a volume that is not mounted is named', async () => {
    await using pod = await podFor('unmounted');
    await rm(pod.dataDir, { recursive: true });
    assert.match(
      await refusal(pod, 2, mounted),
      /^DATA_DIR is ".*\/data", .*ENOENT.*: mount the volume there/,
    );
  });

  test('another user than the own one is refused by name, where the program is not root', root, async () => {
    await using pod = await podFor('other-user', 12_345);
    const sentence = await refusal(pod, 2, { ...mounted, USER_UID: '472' });
    assert.match(sentence, /^USER_UID is 472, but the program runs as user 12345 .*set runAsUser to 472/);
  });
});

test('a termination log that does not exist is no reason to fail in another way', async () => {
  await using pod = await podFor('no-termination-log');
  await pod.start({ REPO_BASE: undefined, TERMINATION_LOG: '/nowhere/termination-log' });
  assert.equal((await pod.exit).exitCode, 2);
  assert.match(pod.lines.at(-1)?.msg ?? '', /^REPO_BASE is missing/);
});

test('what is nearly a setting, and what this program sets itself, is warned about and not passed on', async () => {
  const set = 'warned';
  await server.init(set);
  await using pod = await podFor(set);
  const commands = await RecordedCommands.of(pod, ['borg']);
  await pod.start({
    ...mounted,
    ...commands.env,
    BACKUP_INTERVALL: '1m',
    BORG_PASPHRASE: SECRET,
    PRUNE_FLAGS: '--keep-daily 7 --list -v',
    BORG_REPO: '/another',
    BORG_CACHE_DIR: '/another/cache',
    BORG_LOCK_WAIT_HINT: 'passed on',
    UNRELATED: 'not for borg',
  });
  await pod.event('gate.opened');
  await endsClean(pod, set);
  const warnings = pod.seen('settings.warning').map(({ level, msg }) => `${level}: ${msg}`);
  assert.deepEqual(warnings.sort(), [
    'warn: BACKUP_INTERVALL is not a setting and is ignored: did you mean BACKUP_INTERVAL?',
    'warn: BORG_CACHE_DIR is set by this program itself: the value given is ignored.',
    'warn: BORG_PASPHRASE is not a setting and is ignored: did you mean BORG_PASSPHRASE?',
    'warn: BORG_REPO is set by this program itself: the value given is ignored.',
    'warn: PRUNE_FLAGS has --list, -v, which only change what borg prints: they are ignored.',
  ]);
  assert.ok(!JSON.stringify(pod.lines).includes(SECRET), 'a secret is in the log');
  const given = await commands.given('borg', 'environment');
  assert.match(given, /\0BORG_LOCK_WAIT_HINT=passed on\0/);
  assert.doesNotMatch(given, /another|canary|UNRELATED/);
});

for (const flag of ['--help', '--version']) {
  test(`${flag} answers without any setting and ends`, async () => {
    await using pod = await Pod.create({ set: 'unused', server, args: [flag] });
    await pod.start({ ARCHIVE_NAME: undefined, REPO_BASE: undefined });
    assert.deepEqual(await pod.exit, { exitCode: 0, signal: null });
    await untilNoneUses(pod.dir);
    const text = pod.lines.map(({ msg }) => msg).join('\n');
    if (flag === '--version') {
      assert.match(text, /^\d+\.\d+\.\d+/);
      return;
    }
    for (const [name, declaration] of Object.entries<Declaration>(declarations)) {
      const { default: value, required } = declaration;
      const after = required ? 'required' : value === undefined ? 'no default' : `default: ${value}`;
      assert.ok(text.includes(`  ${name}  (${after})\n`), `${name} is missing`);
    }
  });
}

test('an argument that does not exist is refused', async () => {
  await using pod = await Pod.create({ set: 'unused', server, args: ['restore-everything'] });
  await pod.start();
  assert.notEqual((await pod.exit).exitCode, 0);
  assert.deepEqual(pod.seen('server.listening'), []);
});
