import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf } from '../../../sidecar/src/sshd/said.ts';

const lines: [level: ReturnType<typeof levelOf>, line: string][] = [
  ['debug', 'Accepted publickey for borg from 127.0.0.1 port 4 ssh2: ED25519 SHA256:x'],
  ['debug', 'Received disconnect from ::1 port 4:11: disconnected by user'],
  ['debug', 'Disconnected from user borg 127.0.0.1 port 4'],
  ['debug', 'Connection closed by 10.0.0.1 port 4'],
  ['debug', 'error: kex_exchange_identification: Connection closed by remote host'],
  ['info', 'Connection closed by authenticating user borg 10.0.0.1 port 4 [preauth]'],
  ['info', 'Invalid user root from 10.0.0.1 port 4'],
  ['warn', 'error: Bind to port 22 on 0.0.0.0 failed: Permission denied.'],
  ['warn', 'fatal: Cannot bind any address.'],
];

for (const [level, line] of lines) {
  test(`${level}: ${line}`, () => {
    assert.equal(levelOf(line), level);
  });
}
