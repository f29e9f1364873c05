import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSshReason, type SshReason } from '../../../sidecar/src/ssh/reason.ts';

const lines: Record<SshReason, string[]> = {
  auth: [
    'borg@nas: Permission denied (publickey).',
    'borg@nas: Permission denied (publickey,password,keyboard-interactive).',
    'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures',
    'Your account has expired; please contact your system administrator.',
    'This account is currently not available.',
  ],
  'host-key-unknown': [
    'Host key verification failed.',
    'No ED25519 host key is known for nas and you have requested strict checking.',
  ],
  'host-key-changed': [
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    'Host key for nas has changed and you have requested strict checking.',
  ],
  'no-user': [
    'No user exists for uid 472',
    "ERROR: ld.so: object 'libnss_wrapper.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
  ],
  'borg-missing': [
    'bash: line 1: borg: command not found',
    'bash: borg: command not found',
    'sh: 1: borg: not found',
    'sh: borg: not found',
    'ash: /opt/borg/borg-linux64: not found',
    'bash: line 1: /usr/local/bin/borg: No such file or directory',
    'zsh:1: command not found: borg',
    'zsh:1: command not found: /opt/bin/borg',
    'fish: Unknown command: borg',
    'sh: 1: exec: borg: not found',
  ],
  unreachable: [
    'ssh: connect to host nas port 22: Connection refused',
    'ssh: connect to host nas port 22: Connection timed out',
    'ssh: connect to host nas port 22: No route to host',
    'ssh: connect to host nas port 22: Network is unreachable',
    'ssh: Could not resolve hostname nas: Temporary failure in name resolution',
    'kex_exchange_identification: Connection closed by remote host',
    'kex_exchange_identification: read: Connection reset by peer',
    'Connection closed by 10.0.0.1 port 22',
    'Connection timed out during banner exchange',
    'Timeout, server nas not responding.',
    'client_loop: send disconnect: Broken pipe',
  ],
};

for (const [reason, each] of Object.entries(lines)) {
  for (const line of each) {
    test(`${line}: ${reason}`, () => {
      assert.deepEqual(findSshReason(['Warning: something else', line, '']), { reason, line });
      assert.equal(findSshReason([`Remote: ${line}`])?.reason, reason);
    });
  }
}

for (const line of [
  '',
  'Welcome to nas!',
  'Permission denied',
  "Warning: Permanently added 'nas' (ED25519) to the list of known hosts.",
  'Remote: Killed stale lock hostA.19023-0.',
  'stat: file not found',
]) {
  test(`"${line}" tells no reason`, () => assert.equal(findSshReason([line]), undefined));
}

test('no lines tell no reason', () => assert.equal(findSshReason([]), undefined));

for (const [name, first, second, reason] of [
  ['a changed key', lines['host-key-unknown'][0], lines['host-key-changed'][0], 'host-key-changed'],
  ['an unknown key', lines.unreachable[7], lines['host-key-unknown'][0], 'host-key-unknown'],
  ['a refused key', lines.unreachable[7], lines.auth[0], 'auth'],
  ['a missing borg', lines.unreachable[7], lines['borg-missing'][0], 'borg-missing'],
] as const) {
  test(`${name} is more telling than what follows from it, wherever it stands`, () => {
    assert.equal(findSshReason([first ?? '', second ?? ''])?.reason, reason);
    assert.equal(findSshReason([second ?? '', first ?? ''])?.reason, reason);
  });
}

test('blanks around the line are left out', () => {
  assert.equal(findSshReason(['  Host key verification failed.\r\n'])?.line, 'Host key verification failed.');
});
