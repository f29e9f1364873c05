import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BorgCall, runBorg } from '../../../sidecar/src/borg/command.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const where = { repository: 'nas:/srv/command', host: 'nas', port: 22, login: 'nas' };

/** Runs a script in borg's place: what the real one says only in a volume of thousands of unreadable entries. */
async function runInstead(script: string, call: Partial<BorgCall> = {}) {
  await using directory = await TemporaryDirectory.make();
  writeFileSync(join(directory.path, 'borg'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory.path, 'borg'), 0o755);
  const variables = { PATH: `${directory.path}:/usr/bin:/bin` };
  const environment = { variables, passphrase: undefined, sshLog: undefined };
  return await runBorg({ args: [], baseDir: directory.path, ...call }, where, environment);
}

const warnings = (count: number) =>
  `seq ${count} | sed 's/.*/{"type":"log_message","levelname":"WARNING","name":"borg","msgid":"BackupPermissionError","message":"&: open"}\\n{"type":"file_status","status":"E","path":"&"}/' >&2`;

test('every entry that was not read is named, however many there are', async () => {
  const unread: string[] = [];
  const { exitCode } = await runInstead(`${warnings(2_500)}\nexit 105`, {
    onStatus: (_, path) => unread.push(path),
  });
  assert.equal(exitCode, 105);
  assert.equal(unread.length, 2_500);
  assert.equal(unread.at(-1), '2500');
});

test('what ends borg is known after thousands of warnings', async () => {
  const last =
    '{"type":"log_message","levelname":"ERROR","name":"borg","msgid":"ConnectionClosed","message":"closed"}';
  await assert.rejects(runInstead(`${warnings(2_500)}\necho '${last}' >&2\nexit 80`), {
    reason: 'unreachable',
  });
});

test('the message id of the warning about an entry comes with its state', async () => {
  const seen: unknown[] = [];
  await runInstead(`${warnings(1)}\nexit 105`, { onStatus: (...status) => seen.push(status) });
  assert.deepEqual(seen, [['E', '1', 'BackupPermissionError']]);
});
