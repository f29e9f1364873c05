import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, parseSettings } from '../../../sidecar/src/settings/parse.ts';
import { OWNED_BORG_VARIABLES, type Settings } from '../../../sidecar/src/settings.ts';

const required = { ARCHIVE_NAME: 'grafana', REPO_BASE: 'borg@nas:/srv/borg' };

function problemsOf(environment: Environment, ownUid = 0): readonly string[] {
  return parseSettings({ ...required, ...environment }, ownUid).problems;
}

function warningsOf(environment: Environment): readonly string[] {
  const { problems, warnings } = parseSettings({ ...required, ...environment }, 0);
  assert.deepEqual(problems, []);
  return warnings;
}

function settingsOf(environment: Environment): Settings {
  const { settings, problems } = parseSettings({ ...required, ...environment }, 0);
  assert.ok(settings, problems.join('\n'));
  return settings;
}

test('two settings are enough, and the others have their defaults', () => {
  const { settings, problems, warnings } = parseSettings(required, 0);
  assert.deepEqual([problems, warnings], [[], []]);
  assert.equal(settings?.ARCHIVE_NAME, 'grafana');
  assert.equal(settings?.REPO_BASE.server?.host, 'nas');
  assert.equal(settings?.BACKUP_INTERVAL, 300_000);
  assert.equal(settings?.HTTP_PORT, 9942);
  assert.equal(settings?.INIT_REPOSITORY, false);
  assert.equal(settings?.SSH_HOST_KEY_CHECKING, 'accept-new');
});

test('a setting without a value and a default is absent', () => {
  const settings = settingsOf({});
  for (const name of ['USER_UID', 'EXCLUDE', 'REPOSITORY_ID', 'BORG_PASSPHRASE', 'MAKE_DIRS'] as const) {
    assert.equal(settings[name], undefined, name);
  }
});

test('each value has its type', () => {
  const settings = settingsOf({ USER_UID: '472', MAKE_DIRS: 'a,b', READY_WHEN: 'backups-healthy' });
  const uid: number | undefined = settings.USER_UID;
  const made: readonly string[] | undefined = settings.MAKE_DIRS;
  const interval: number = settings.BACKUP_INTERVAL;
  const ready: 'restored' | 'backups-healthy' = settings.READY_WHEN;
  const init: boolean = settings.INIT_REPOSITORY;
  // @ts-expect-error: without a default it may be absent
  const pinned: string = settings.REPOSITORY_ID;
  assert.deepEqual(
    [uid, made, interval, ready, init, pinned],
    [472, ['a', 'b'], 300_000, 'backups-healthy', false, undefined],
  );
});

test('an empty variable is a missing one', () => {
  const settings = settingsOf({ BACKUP_INTERVAL: '', BORG_PASSPHRASE: '', RESTORE_AT: '', USER_UID: '' });
  assert.equal(settings.BACKUP_INTERVAL, 300_000);
  assert.equal(settings.BORG_PASSPHRASE, undefined);
  assert.equal(settings.USER_UID, undefined);
  assert.deepEqual(
    parseSettings({ ...required, ARCHIVE_NAME: '' }, 0).problems.map((each) => each.split(':')[0]),
    ['ARCHIVE_NAME is missing'],
  );
});

test('every problem is told at once, a sentence each', () => {
  const { settings, problems } = parseSettings(
    {
      REPO_BASE: 'backups',
      BACKUP_INTERVAL: '5x',
      HTTP_PORT: '8080',
      STATUS_PORT: '8080',
      SQLITE: 'on',
      USER_GID: '472',
    },
    0,
  );
  assert.equal(settings, undefined);
  assert.deepEqual(
    problems.map((problem) => problem.split(/: | expected/)[0]),
    [
      'ARCHIVE_NAME is missing',
      'REPO_BASE is "backups"',
      'BACKUP_INTERVAL is "5x"',
      'SQLITE is "on"',
      'USER_GID is 472, but USER_UID is missing',
      'HTTP_PORT and STATUS_PORT are both 8080',
    ],
  );
  for (const problem of problems) {
    assert.match(problem, /\.$/);
  }
});

test('a problem says what is allowed', () => {
  assert.deepEqual(problemsOf({ LOG_FORMAT: 'xml' }), ['LOG_FORMAT is "xml": expected json or pretty.']);
});

for (const name of ['BORG_PASSPHRASE', 'BORG_PASSCOMMAND']) {
  test(`the value of ${name} is in no message`, () => {
    const { problems, warnings } = parseSettings(
      { ...required, [name]: 'hunter2\nhunter3', [`${name}E`]: 'hunter4' },
      0,
    );
    assert.deepEqual(problems, [
      `${name} is not readable (its value is not shown): expected one line without a line break at its end (make the Secret with printf, not with echo).`,
    ]);
    assert.doesNotMatch([...problems, ...warnings].join(), /hunter/);
  });
}

for (const [given, meant] of [
  ['BACKUP_INTERVALL', 'BACKUP_INTERVAL'],
  ['ARCHIVENAME', 'ARCHIVE_NAME'],
  ['BAKUP_INTERVALL', 'BACKUP_INTERVAL'],
  ['USER_ID', 'USER_UID'],
  ['RESTORE_ARCHIV', 'RESTORE_ARCHIVE'],
  ['BORG_PASSPHRASEE', 'BORG_PASSPHRASE'],
  ['BORG_PASSCOMAND', 'BORG_PASSCOMMAND'],
] as const) {
  test(`${given} is named as a slip for ${meant}, and Borg does not get it`, () => {
    assert.deepEqual(warningsOf({ [given]: 'x' }), [
      `${given} is not a setting and is ignored: did you mean ${meant}?`,
    ]);
    assert.deepEqual(settingsOf({ [given]: 'x' }).passedOn, {});
  });
}

for (const name of [
  'PATH',
  'HOSTNAME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NODE_VERSION',
  'LOGNAME',
  'LANG',
  'TERM',
]) {
  test(`${name} is nobody's slip`, () => assert.deepEqual(warningsOf({ [name]: 'x' }), []));
}

for (const name of OWNED_BORG_VARIABLES) {
  test(`${name} is dropped with a warning`, () => {
    assert.deepEqual(warningsOf({ [name]: '/x' }), [
      `${name} is set by this program itself: the value given is ignored.`,
    ]);
    assert.deepEqual(settingsOf({ [name]: '/x' }).passedOn, {});
  });
}

test("Borg gets the other BORG_ variables as they are, and nobody else's", () => {
  const { passedOn } = settingsOf({
    BORG_FILES_CACHE_TTL: '40',
    BORG_WORKAROUNDS: 'authenticated_no_key',
    BORG_SELFTEST: undefined,
    BORG_RSH: 'ssh -v',
    BORG_PASSPHRASE: 'hunter2',
    HOME: '/root',
  });
  assert.deepEqual(passedOn, { BORG_FILES_CACHE_TTL: '40', BORG_WORKAROUNDS: 'authenticated_no_key' });
});

test("the predecessor's PRUNE_FLAGS are taken, and what only borg would print is said to be ignored", () => {
  assert.deepEqual(settingsOf({ PRUNE_FLAGS: '--keep-minutely 4 -H 4' }).PRUNE_FLAGS, {
    ...{ minutely: 4, hourly: 4, ignored: [] },
  });
  assert.deepEqual(warningsOf({ PRUNE_FLAGS: '-H 4' }), []);
  assert.deepEqual(warningsOf({ PRUNE_FLAGS: '-v --list -H 4' }), [
    'PRUNE_FLAGS has -v, --list, which only change what borg prints: they are ignored.',
  ]);
});

test('the settings of starts and losses have defaults that are safe', () => {
  const { HANDOVER_TIMEOUT, LOCK_TIMEOUT, RESTORE_ARCHIVE, RESTORE_AT, SHRINK_GUARD } = settingsOf({});
  assert.deepEqual(
    [HANDOVER_TIMEOUT, LOCK_TIMEOUT, RESTORE_ARCHIVE, RESTORE_AT, SHRINK_GUARD],
    [30_000, undefined, undefined, undefined, 0.5],
  );
});

test('the settings of starts and losses are read', () => {
  const env = {
    ...{ HANDOVER_TIMEOUT: '0s', LOCK_TIMEOUT: '6m', RESTORE_AT: '2026-11-23T21:30Z', SHRINK_GUARD: '100%' },
  };
  const { HANDOVER_TIMEOUT, LOCK_TIMEOUT, RESTORE_AT, SHRINK_GUARD } = settingsOf(env);
  assert.deepEqual(
    [HANDOVER_TIMEOUT, LOCK_TIMEOUT, RESTORE_AT, SHRINK_GUARD],
    [0, 360_000, Date.UTC(2026, 10, 23, 21, 30), 1],
  );
  assert.equal(settingsOf({ RESTORE_ARCHIVE: '1700000000-exit' }).RESTORE_ARCHIVE, '1700000000-exit');
});

const timeSpan = 'a duration such as 30s, 5m or 2h, at most 24d';
for (const [name, text, expects] of [
  ['HANDOVER_TIMEOUT', '30', timeSpan],
  ['HANDOVER_TIMEOUT', '25d', timeSpan],
  ['LOCK_TIMEOUT', 'never', timeSpan],
  ['LOCK_TIMEOUT', '25d', timeSpan],
  ['RESTORE_ARCHIVE', 'a\nb', 'one line of text'],
  ['RESTORE_AT', '2026-11-23T21:30:00', 'a time with its zone, such as 2026-11-23T21:30:00Z'],
  ['RESTORE_AT', 'yesterday', 'a time with its zone, such as 2026-11-23T21:30:00Z'],
  ['SHRINK_GUARD', '0.5', 'a percentage from 0% to 100%'],
  ['SHRINK_GUARD', '101%', 'a percentage from 0% to 100%'],
] as const) {
  test(`${name} may not be ${JSON.stringify(text)}`, () => {
    assert.deepEqual(problemsOf({ [name]: text }), [
      `${name} is ${JSON.stringify(text)}: expected ${expects}.`,
    ]);
  });
}

test('a lock is waited for longer than a last save may hold it', () => {
  assert.deepEqual(problemsOf({ LOCK_TIMEOUT: '359s' }), [
    'LOCK_TIMEOUT is 359s, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + 1m: set it to 6m or more, or remove it.',
  ]);
  assert.deepEqual(problemsOf({ LOCK_TIMEOUT: '2m', FINAL_BACKUP_TIMEOUT: '1m' }), []);
  const { problems } = parseSettings({ ...required, LOCK_TIMEOUT: '5m' }, 0, 0);
  assert.deepEqual(problems, []);
});

test('one archive can be asked for', () => {
  assert.deepEqual(problemsOf({ RESTORE_ARCHIVE: 'grafana-0000000005', RESTORE_AT: '2026-11-23T21:30Z' }), [
    'RESTORE_ARCHIVE and RESTORE_AT exclude one another: set one of them.',
  ]);
  assert.deepEqual(problemsOf({ RESTORE_ARCHIVE: 'grafana-0000000005', RESTORE_AT: '' }), []);
});

for (const name of ['BACKUP_INTERVAL', 'FINAL_BACKUP_TIMEOUT', 'HANDOVER_TIMEOUT'] as const) {
  test(`${name} is never more than a timer can wait`, () => {
    assert.equal(problemsOf({ [name]: '25d' }).length, 1);
    assert.ok(settingsOf({ [name]: '24d' })[name] < 2 ** 31);
  });
}

test("conflicts are found with the program's own user", () => {
  assert.deepEqual(problemsOf({ USER_UID: '472' }, 472), []);
  assert.equal(problemsOf({ USER_UID: '472' }, 1000).length, 1);
});

test('a port that Kubernetes sets for a Service called "http" is no setting', () => {
  const { settings, problems, warnings } = parseSettings(
    { ARCHIVE_NAME: 'links', REPO_BASE: '/repos', HTTP_PORT: 'tcp://10.0.0.1:80' },
    1000,
  );
  assert.deepEqual(problems, []);
  assert.equal(settings?.HTTP_PORT, 9942);
  assert.match(warnings.join(), /HTTP_PORT is "tcp:.*Kubernetes sets for a Service/);
});

for (const name of ['HEARTBEAT_URL', 'PRE_BACKUP_URL', 'POST_BACKUP_URL', 'POST_RESTORE_URL']) {
  test(`an address that ${name} may not be is not shown: it may hold a token`, () => {
    assert.deepEqual(problemsOf({ [name]: 'https://borg:hunter2@hc.example/' }), [
      `${name} is not readable (its value is not shown): expected an address such as https://example.org/path, without a user or password before the host.`,
    ]);
  });
}

test('a password in REPO_BASE is refused and not shown', () => {
  const { problems } = parseSettings({ ARCHIVE_NAME: 'url', REPO_BASE: 'ssh://borg:hunter2@nas/srv' }, 1000);
  assert.match(problems.join(), /REPO_BASE is "ssh:\/\/borg:…@nas\/srv"/);
  assert.doesNotMatch(problems.join(), /hunter2/);
});
