import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Repository } from '../../../sidecar/src/borg/repository.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

test('borg tests itself until a command has succeeded, and then no more', async () => {
  await using directory = await TemporaryDirectory.make();
  const at = (name: string) => join(directory.path, name);
  // Only the real one can't be asked what it was told.
  const answer = '{"repository": {"id": "x"}, "archives": []}';
  const code = `echo "\${BORG_SELFTEST:-enabled}" >> ${at('told')}; [ -e ${at('answers')} ] && echo '${answer}' || exit 2`;
  await writeFile(at('borg'), `#!/bin/sh\n${code}\n`);
  await chmod(at('borg'), 0o755);
  const variables = { PATH: `${directory.path}:${process.env.PATH}` };
  const environment = async () => ({ variables, passphrase: undefined, sshLog: undefined });
  const where = { repository: directory.path, host: '', port: 0, login: '' };
  const repository = new Repository(where, directory.path, environment);
  const list = () => repository.list(new AbortController().signal);
  await assert.rejects(list());
  await writeFile(at('answers'), '');
  await list();
  await list();
  const told = (await readFile(at('told'), 'utf8')).trim().split('\n');
  assert.deepEqual(told, ['enabled', 'enabled', 'disabled']);
});
