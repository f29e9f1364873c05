import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { sshdConfig } from '../../../sidecar/src/sshd/config.ts';
import { makeKeyPair } from '../../support/ssh-key.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const settings = {
  ...{ port: 2222, hostKey: '/host_key', authorizedKeys: '/authorized_keys', environment: { A: 'b' } },
  version: 'OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19',
};

test('an sshd that shuts out addresses is told not to, and an older one is not asked', () => {
  assert.doesNotMatch(sshdConfig(settings), /PerSourcePenalties/);
  for (const version of ['OpenSSH_9.8p1', 'OpenSSH_10.0p2 Debian-7']) {
    assert.match(sshdConfig({ ...settings, version }), /^PerSourcePenalties no$/m);
  }
});

test('sshd takes every line as it is meant, a path with blanks and quotes too', async () => {
  await using directory = await TemporaryDirectory.make('config');
  const { path: hostKey } = await makeKeyPair(directory.path, 'host');
  const path = join(directory.path, 'sshd_config');
  const environment = { PATH: '/usr/bin:/my "own"\\bin', LANG: 'C.UTF-8' };
  await writeFile(path, sshdConfig({ ...settings, hostKey, environment }));
  const { stdout, stderr } = await execa('/usr/sbin/sshd', ['-T', '-f', path]);
  assert.equal(stderr, '');
  const lines = stdout.split('\n');
  for (const line of [
    ...['port 2222', 'clientaliveinterval 10', 'clientalivecountmax 30', 'maxstartups 100:30:300'],
    ...['usepam no', 'permittty no', 'disableforwarding yes', 'authenticationmethods publickey'],
    ...['allowusers borg', 'strictmodes no', 'pidfile none', 'permituserenvironment no'],
    ...['setenv PATH=/usr/bin:/my "own"\\bin', 'setenv LANG=C.UTF-8'],
  ]) {
    assert.ok(lines.includes(line), `${line}\n${stdout}`);
  }
});
