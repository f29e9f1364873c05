import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classify, type Ending } from '../../../sidecar/src/borg/classify.ts';
import { readMessage } from '../../../sidecar/src/borg/messages.ts';
import type { Reason } from '../../../sidecar/src/borg/reasons.ts';

/** A line as `borg --log-json` writes it. */
function line(level: string, message: string, msgid?: string): string {
  const id = msgid === undefined ? '' : `, "msgid": "${msgid}"`;
  return `{"type": "log_message", "time": 1795466008.79, "message": ${JSON.stringify(message)}, "levelname": "${level}", "name": "borg.archiver"${id}}`;
}

const error = (msgid: string, message: string) => line('ERROR', message, msgid);
const remote = (message: string) => line('WARNING', `Remote: ${message}`);
const closed = error(
  'ConnectionClosedWithHint',
  'Connection closed by remote host. Is borg working on the server?',
);
const broken = error('ConnectionBrokenWithHint', 'Connection to remote host is broken. Broken Pipe');
const noSpace =
  'Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/borg/remote.py", line 252, in serve\nOSError: [Errno 28] No space left on device';

function classified(exitCode: number, lines: readonly string[], change: Partial<Ending> = {}) {
  const messages = lines.map(readMessage);
  return classify({ exitCode, signal: undefined, messages, ownDiskFull: false, ...change });
}

/** One error that says it all: the exit code and id of Borg 1.4.5, its words, and what they come to. */
const errors: [exitCode: number, msgid: string, text: string, reason: Reason][] = [
  [10, 'Repository.AlreadyExists', 'A repository already exists at ssh://nas/r.', 'repository-exists'],
  [31, 'Archive.DoesNotExist', 'Archive nope does not exist', 'archive-missing'],
  [30, 'Archive.AlreadyExists', 'Archive a1 already exists', 'archive-exists'],
  [13, 'Repository.DoesNotExist', 'Repository ssh://nas/r does not exist.', 'repository-missing'],
  [18, 'Repository.ParentPathDoesNotExist', 'The parent path does not exist.', 'repository-missing'],
  [2, 'InvalidRepository', '/r is not a valid repository. Check repo config.', 'not-a-repository'],
  [83, 'PathNotAllowed', 'Repository path not allowed: /r', 'path-not-allowed'],
  [90, 'IntegrityError', 'Data integrity error: Segment entry checksum mismatch', 'damaged'],
  [12, 'Repository.CheckNeeded', 'Inconsistency detected. Please run borg check /r.', 'damaged'],
  [26, 'NoManifestError', 'Repository has no manifest.', 'damaged'],
  [64, 'Cache.RepositoryReplay', 'Cache is newer than repository - this is either an attack', 'rolled-back'],
  [73, 'LockTimeout', 'Failed to create/acquire the lock /r/lock.exclusive (timeout).', 'locked'],
  [52, 'PassphraseWrong', 'passphrase supplied in BORG_PASSPHRASE is incorrect.', 'passphrase-wrong'],
  [51, 'PasscommandFailure', "passcommand failed: Command '['false']'", 'passcommand'],
  [60, 'Cache.CacheInitAbortedError', 'Cache initialization aborted', 'not-encrypted'],
  [80, 'ConnectionClosed', 'Connection closed by remote host', 'unreachable'],
  [2, 'InsufficientFreeSpaceError', 'Insufficient free space (required: 1.00 GB).', 'server-disk-full'],
  [2, 'StorageQuotaExceeded', 'The storage quota (200.00 MB) has been exceeded.', 'quota'],
  [2, 'OSError', noSpace, 'server-disk-full'],
  [2, 'OSError', 'OSError: [Errno 122] Disk quota exceeded', 'server-disk-full'],
  [72, 'LockFailed', "the lock /r/lock ([Errno 28] No space left on device: '/r').", 'server-disk-full'],
  [72, 'LockFailed', "the lock /r/lock ([Errno 13] Permission denied: '/r').", 'permission'],
  [2, 'PermissionError', "Traceback:\n  x\n[Errno 13] Permission denied: '/r/config'", 'permission'],
  [2, 'Error', "Error: [Errno 30] Read-only file system: '/x'", 'permission'],
  [143, 'Signal.SIGTERM', 'Received SIGTERM', 'ended'],
  [129, 'Signal.SIGHUP', 'Received SIGHUP.', 'ended'],
  [2, 'Exception', 'Local Exception\n\nTraceback', 'bug'],
  [4, 'CommandError', 'Command Error: At least one of the "keep-within" …', 'bug'],
  [62, 'Cache.RepositoryAccessAborted', 'Repository access aborted', 'bug'],
];

for (const [exitCode, msgid, text, reason] of errors) {
  test(`${msgid}, "${text.split('\n').at(-1)}": ${reason}`, () => {
    assert.equal(classified(exitCode, [error(msgid, text)]).reason, reason);
  });
}

test('the code of the exit decides nothing: 1.2 knows only 2', () => {
  for (const [, msgid, text, reason] of errors) {
    assert.equal(classified(2, [error(msgid, text)]).reason, reason, msgid);
  }
});

describe('what ssh says', () => {
  const rows: [name: string, lines: string[], reason: Reason, detail: string][] = [
    [
      'a changed host key',
      ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @', 'Host key verification failed.'],
      'host-key-changed',
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    ],
    [
      'an unknown host key',
      ['No ED25519 host key is known for nas and you have requested strict checking.'],
      'host-key-unknown',
      'No ED25519 host key is known for nas and you have requested strict checking.',
    ],
    [
      'a refused key',
      ['borg@nas: Permission denied (publickey,password).'],
      'auth',
      'borg@nas: Permission denied (publickey,password).',
    ],
    [
      'a refused connection',
      ['ssh: connect to host nas port 22: Connection refused'],
      'unreachable',
      'ssh: connect to host nas port 22: Connection refused',
    ],
    [
      'an unknown name',
      ['ssh: Could not resolve hostname nas: Name or service not known'],
      'unreachable',
      'ssh: Could not resolve hostname nas: Name or service not known',
    ],
    ['no borg on the server', ['sh: 1: borg: not found'], 'borg-missing', 'sh: 1: borg: not found'],
    ['no passwd entry', ['No user exists for uid 472'], 'no-user', 'No user exists for uid 472'],
    ['something else', ['This service is closed.'], 'unreachable', 'This service is closed.'],
    ['nothing', [], 'unreachable', 'the connection closed'],
  ];
  for (const [name, lines, reason, detail] of rows) {
    test(`${name}: ${reason}, in the lines that Borg passes on`, () => {
      assert.deepEqual(classified(81, [...lines.map(remote), closed]), { reason, detail });
      assert.deepEqual(classified(87, [...lines.map(remote), broken]), { reason, detail });
    });

    test(`${name}: ${reason}, in lines of ssh's own after Borg's`, () => {
      assert.deepEqual(classified(81, [closed, ...lines]), { reason, detail });
    });
  }

  test('a server side that is ended closes the connection', () => {
    const told = line('ERROR', 'Remote: Received SIGTERM', 'Signal.SIGTERM');
    assert.equal(classified(87, [told, broken]).reason, 'unreachable');
  });

  test('a shell that greets on the same channel is not Borg', () => {
    const greeting = 'Got unexpected RPC data format from server:\n\n Hello!';
    assert.deepEqual(classified(2, [error('UnexpectedRPCDataFormatFromServer', greeting)]), {
      ...{ reason: 'not-borg', detail: 'Got unexpected RPC data format from server: Hello!' },
    });
  });
});

test('a missing passphrase is told behind the prompt for it, as Borg 1.4.5 says it', () => {
  const lines = [
    line('WARNING', '/usr/lib/python3.11/getpass.py:91: GetPassWarning: Can not control echo.'),
    'Warning: Password input may be echoed.',
    `Enter passphrase for key /r: ${error('NoPassphraseFailure', 'Cannot acquire a passphrase: none.')}`,
  ];
  assert.equal(classified(50, lines).reason, 'passphrase-missing');
});

describe("the pod's own full disk", () => {
  test("is told from the server's", () => {
    const lines = [error('Exception', `Local Exception\n\n${noSpace}`)];
    assert.deepEqual(classified(2, lines, { ownDiskFull: true }), {
      ...{ reason: 'own-disk-full', detail: 'no space left on device' },
    });
  });

  test('is no reason for another failure', () => {
    const lines = [error('Archive.AlreadyExists', 'Archive a1 already exists')];
    assert.equal(classified(30, lines, { ownDiskFull: true }).reason, 'archive-exists');
  });

  test('is no quota of the repository', () => {
    const lines = [error('StorageQuotaExceeded', 'quota exceeded [Errno 28]')];
    assert.equal(classified(2, lines, { ownDiskFull: true }).reason, 'quota');
  });
});

describe('the detail', () => {
  const rows: [name: string, exitCode: number, lines: string[], detail: string][] = [
    [
      'is what the known error says',
      30,
      [error('Archive.AlreadyExists', 'Archive a1 already exists')],
      'Archive a1 already exists',
    ],
    ['is not what came before it', 73, [remote('Hi!'), error('LockTimeout', 'timeout')], 'timeout'],
    ['is in one line', 2, [error('InvalidRepository', 'It is\n  none.')], 'It is none.'],
    [
      'is the line that tells',
      2,
      [error('OSError', 'Traceback:\n x\n[Errno 13] No: /r')],
      '[Errno 13] No: /r',
    ],
    ['has no prefix of Borg', 73, [error('LockTimeout', 'Remote: timeout')], 'timeout'],
    ['of a signal is its name', 143, [error('Signal.SIGTERM', 'Received SIGTERM')], 'Signal.SIGTERM'],
    ['of a signal may be all there is', 130, [line('ERROR', 'Keyboard interrupt')], 'exit code 130'],
    [
      'of what nobody foresaw is its first line',
      2,
      [error('X', 'Local Exception\n\nTraceback')],
      'Local Exception',
    ],
    ['may be no JSON', 2, ['usage: borg', 'borg: error: no such option'], 'borg: error: no such option'],
    ['of no word at all is the code', 2, [], 'exit code 2'],
  ];
  for (const [name, exitCode, lines, detail] of rows) {
    test(name, () => assert.equal(classified(exitCode, lines).detail, detail));
  }

  test('of SIGKILL is its name', () => {
    const killed = classify({ exitCode: undefined, signal: 'SIGKILL', messages: [], ownDiskFull: false });
    assert.deepEqual(killed, { reason: 'ended', detail: 'SIGKILL' });
  });

  test('is never long', () => {
    const { detail } = classified(2, [error('InvalidRepository', 'x'.repeat(10_000))]);
    assert.ok(detail.length <= 300, `${detail.length}`);
  });
});
