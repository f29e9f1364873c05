import assert from 'node:assert/strict';
import { chown, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { FALLBACK_USER, passwdVariables, userName } from '../../../sidecar/src/ssh/passwd.ts';
import { needsRoot, OTHER_USER, unprivileged } from '../../support/other-user.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

test('a user with a passwd entry needs no variables', async () => {
  await using directory = await TemporaryDirectory.make();
  assert.equal(userName(), userInfo().username);
  assert.deepEqual(await passwdVariables(directory.path, 0, 0), {});
});

test('a user without one gets the fallback name', { skip: needsRoot }, async () => {
  assert.equal(await unprivileged(userName), FALLBACK_USER);
});

test('a user without one gets an entry of its own', { skip: needsRoot }, async () => {
  await using directory = await TemporaryDirectory.make();
  await chown(directory.path, OTHER_USER, OTHER_USER);
  const home = join(directory.path, 'ssh');
  const variables = await unprivileged(() => passwdVariables(home, OTHER_USER, 1_000));
  assert.deepEqual(variables, {
    LD_PRELOAD: 'libnss_wrapper.so',
    NSS_WRAPPER_PASSWD: join(home, 'passwd'),
    NSS_WRAPPER_GROUP: join(home, 'group'),
  });
  const entry = `borg:x:${OTHER_USER}:1000::${home}:/bin/false\n`;
  assert.equal(await readFile(join(home, 'passwd'), 'utf8'), entry);
  assert.equal(await readFile(join(home, 'group'), 'utf8'), 'borg:x:1000:\n');
});

test('ssh runs for a user without one', { skip: needsRoot }, async () => {
  await using directory = await TemporaryDirectory.make();
  await chown(directory.path, OTHER_USER, OTHER_USER);
  const variables = await unprivileged(() => passwdVariables(directory.path, OTHER_USER, OTHER_USER));
  const options = { uid: OTHER_USER, cwd: '/', reject: false } as const;
  const without = await execa('ssh', ['-F', 'none', '-G', 'nas'], options);
  assert.match(without.stderr, /No user exists for uid/);
  const { stdout } = await execa('ssh', ['-F', 'none', '-G', 'nas'], { ...options, env: variables });
  assert.match(stdout, new RegExp(`^user ${FALLBACK_USER}$`, 'm'));
});
