import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findConflicts } from '../../../sidecar/src/settings/conflicts.ts';
import type { Settings } from '../../../sidecar/src/settings.ts';

const fine: [name: string, settings: Partial<Settings>, ownUid: number][] = [
  ['nothing', {}, 0],
  ['a passphrase', { BORG_PASSPHRASE: 'x' }, 0],
  ['a passphrase file', { BORG_PASSPHRASE_FILE: '/x' }, 0],
  ['a passphrase command', { BORG_PASSCOMMAND: 'x' }, 0],
  ['any user for root', { USER_UID: 472, USER_GID: 0 }, 0],
  ['the own user', { USER_UID: 472 }, 472],
  ['root for root', { USER_UID: 0 }, 0],
  ['a pinned repository', { REPOSITORY_ID: 'x', INIT_REPOSITORY: false }, 0],
  ['a repository to be made', { INIT_REPOSITORY: true }, 0],
  ['two ports', { HTTP_PORT: 1, STATUS_PORT: 2 }, 0],
  ['a lock that outlasts the last save', { LOCK_TIMEOUT: 360_000, FINAL_BACKUP_TIMEOUT: 300_000 }, 0],
  ['no word of the lock', { FINAL_BACKUP_TIMEOUT: 300_000 }, 0],
  ['an archive to restore', { RESTORE_ARCHIVE: 'a' }, 0],
  ['a time to restore, if it is 1970', { RESTORE_AT: 0 }, 0],
  ['any two free ports', { HTTP_PORT: 0, STATUS_PORT: 0 }, 0],
];

for (const [name, settings, ownUid] of fine) {
  test(`${name} is no conflict`, () => assert.deepEqual(findConflicts(settings, ownUid), []));
}

const conflicts: [settings: Partial<Settings>, ownUid: number, sentence: string][] = [
  [
    { BORG_PASSPHRASE: 'hunter2', BORG_PASSCOMMAND: 'hunter3' },
    0,
    'BORG_PASSPHRASE and BORG_PASSCOMMAND exclude one another: set one of them.',
  ],
  [
    { BORG_PASSPHRASE: 'hunter2', BORG_PASSPHRASE_FILE: '/x', BORG_PASSCOMMAND: 'hunter3' },
    0,
    'BORG_PASSPHRASE and BORG_PASSPHRASE_FILE and BORG_PASSCOMMAND exclude one another: set one of them.',
  ],
  [{ USER_GID: 472 }, 0, 'USER_GID is 472, but USER_UID is missing: set it too.'],
  [
    { USER_UID: 472 },
    1000,
    "USER_UID is 472, but the program runs as user 1000 and can't become another one: set runAsUser to 472, or remove USER_UID.",
  ],
  [
    { USER_UID: 0 },
    1000,
    "USER_UID is 0, but the program runs as user 1000 and can't become another one: set runAsUser to 0, or remove USER_UID.",
  ],
  [
    { INIT_REPOSITORY: true, REPOSITORY_ID: 'x' },
    0,
    'INIT_REPOSITORY and REPOSITORY_ID exclude one another: a repository whose id is known exists already.',
  ],
  [
    { LOCK_TIMEOUT: 359_999, FINAL_BACKUP_TIMEOUT: 300_000 },
    0,
    'LOCK_TIMEOUT is 359999ms, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + 1m: set it to 6m or more, or remove it.',
  ],
  [
    { LOCK_TIMEOUT: 209_999, FINAL_BACKUP_TIMEOUT: 150_000 },
    0,
    'LOCK_TIMEOUT is 209999ms, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + 1m: set it to 210s or more, or remove it.',
  ],
  [
    { LOCK_TIMEOUT: 0, FINAL_BACKUP_TIMEOUT: 90_500 },
    0,
    'LOCK_TIMEOUT is 0s, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + 1m: set it to 150500ms or more, or remove it.',
  ],
  [
    { RESTORE_ARCHIVE: 'a', RESTORE_AT: 0 },
    0,
    'RESTORE_ARCHIVE and RESTORE_AT exclude one another: set one of them.',
  ],
  [{ HTTP_PORT: 80, STATUS_PORT: 80 }, 0, 'HTTP_PORT and STATUS_PORT are both 80: choose two.'],
];

for (const [settings, ownUid, sentence] of conflicts) {
  test(`${Object.keys(settings).join(', ')} as user ${ownUid}: ${sentence}`, () => {
    assert.deepEqual(findConflicts(settings, ownUid), [sentence]);
  });
}

test('conflicts of different settings are all named', () => {
  assert.equal(findConflicts({ USER_GID: 1, HTTP_PORT: 80, STATUS_PORT: 80 }, 0).length, 2);
});

test('how much longer than the last save a lock is waited for is said by who knows', () => {
  const settings = { LOCK_TIMEOUT: 31_000, FINAL_BACKUP_TIMEOUT: 30_000 };
  assert.deepEqual(findConflicts(settings, 0, 1_000), []);
  assert.deepEqual(findConflicts(settings, 0, 2_000), [
    'LOCK_TIMEOUT is 31s, but a last save may hold the lock for FINAL_BACKUP_TIMEOUT + 2s: set it to 32s or more, or remove it.',
  ]);
});
