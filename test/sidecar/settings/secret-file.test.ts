import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretFile } from '../../../sidecar/src/settings/secret-file.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

test('a file that was never there is undefined', async () => {
  await using directory = await TemporaryDirectory.make();
  assert.equal(await new SecretFile(join(directory.path, 'key')).read(), undefined);
});

test('a file is read anew each time', async () => {
  await using directory = await TemporaryDirectory.make();
  const path = join(directory.path, 'key');
  const secret = new SecretFile(path);
  assert.equal(await secret.read(), undefined);
  await writeFile(path, 'first');
  assert.equal(await secret.read(), 'first');
  await writeFile(path, 'rotated');
  assert.equal(await secret.read(), 'rotated');
});

test('an empty file is there', async () => {
  await using directory = await TemporaryDirectory.make();
  const path = join(directory.path, 'key');
  await writeFile(path, '');
  assert.equal(await new SecretFile(path).read(), '');
});

test('the last content stands where the file has gone', async () => {
  await using directory = await TemporaryDirectory.make();
  const path = join(directory.path, 'key');
  await writeFile(path, 'last content');
  const secret = new SecretFile(path);
  await secret.read();
  await rm(path);
  assert.equal(await secret.read(), 'last content');
});

test('the last content stands where the file can be read no longer', async () => {
  await using directory = await TemporaryDirectory.make();
  const path = join(directory.path, 'key');
  await writeFile(path, 'last content');
  const secret = new SecretFile(path);
  await secret.read();
  await rm(path);
  // Not even root reads a directory as a file.
  await mkdir(path);
  assert.equal(await secret.read(), 'last content');
});

test('a file that could never be read is an error', async () => {
  await using directory = await TemporaryDirectory.make();
  const path = join(directory.path, 'key');
  await mkdir(path);
  await assert.rejects(new SecretFile(path).read(), { code: 'EISDIR' });
});
