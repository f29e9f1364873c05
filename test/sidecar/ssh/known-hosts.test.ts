import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretFile } from '../../../sidecar/src/settings/secret-file.ts';
import { CredentialError } from '../../../sidecar/src/ssh/error.ts';
import { prepareKnownHosts, uncheckedHostKeyWarning } from '../../../sidecar/src/ssh/known-hosts.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const line = 'nas ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE';
const lines = `${line}\n${line.replace('nas', 'nas.lan')}\n`;

for (const [name, content] of [
  ['as it is', lines],
  ['with carriage returns', lines.replaceAll('\n', '\r\n')],
  ['without its last end of line', lines.trimEnd()],
] as const) {
  for (const checking of ['strict', 'accept-new'] as const) {
    test(`the Secret's known_hosts ${name} is copied, and checked with ${checking} too`, async () => {
      await using directory = await TemporaryDirectory.make();
      const secret = join(directory.path, 'secret');
      await writeFile(secret, content);
      const file = join(directory.path, 'known_hosts');
      assert.deepEqual(await prepareKnownHosts(new SecretFile(secret), checking, directory.path), {
        ...{ mode: 'yes', file },
      });
      assert.equal(await readFile(file, 'utf8'), lines);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    });
  }
}

test('a rotated known_hosts takes the place of the copy', async () => {
  await using directory = await TemporaryDirectory.make();
  const secret = new SecretFile(join(directory.path, 'secret'));
  await writeFile(secret.path, `${line}\nsecond line that is longer\n`);
  await prepareKnownHosts(secret, 'strict', directory.path);
  await writeFile(secret.path, line);
  await prepareKnownHosts(secret, 'strict', directory.path);
  assert.equal(await readFile(join(directory.path, 'known_hosts'), 'utf8'), `${line}\n`);
});

test('without a known_hosts the first key is accepted and remembered elsewhere', async () => {
  await using directory = await TemporaryDirectory.make();
  const secret = new SecretFile(join(directory.path, 'secret'));
  assert.deepEqual(await prepareKnownHosts(secret, 'accept-new', directory.path), {
    mode: 'accept-new',
    file: join(directory.path, 'accepted_hosts'),
  });
});

test('without a known_hosts strict checking is refused', async () => {
  await using directory = await TemporaryDirectory.make();
  const secret = new SecretFile('/ssh-key/known_hosts');
  await assert.rejects(
    prepareKnownHosts(secret, 'strict', directory.path),
    new CredentialError(
      'SSH_HOST_KEY_CHECKING is strict, but there is no /ssh-key/known_hosts: add known_hosts to the Secret.',
    ),
  );
});

test('the warning has the lines to type', () => {
  const warning = uncheckedHostKeyWarning({ host: 'nas', port: 2222 }, '/ssh-key');
  assert.match(warning, /^There is no known_hosts in \/ssh-key: the first key that nas shows is trusted/);
  assert.match(warning, / ssh-keyscan -p 2222 nas > known_hosts /);
  assert.match(
    warning,
    / kubectl create secret generic NAME .*--from-file=known_hosts=known_hosts .*\| kubectl apply -f -$/,
  );
});
