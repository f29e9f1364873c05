import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeDeadLocks } from '../../../sidecar/src/sshd/dead-locks.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const ours = 'borg-volume-sync-0123';
const theirs = 'laptop@42';

async function lock(repository: string, holders: string[], roster: string) {
  await mkdir(join(repository, 'lock.exclusive'), { recursive: true });
  for (const holder of holders) await writeFile(join(repository, 'lock.exclusive', `${holder}.7-0`), '');
  await writeFile(join(repository, 'lock.roster'), roster);
}

test("this server's own locks go, of both kinds, and everybody else's stay", async () => {
  await using directory = await TemporaryDirectory.make('locks');
  const at = (...names: string[]) => join(directory.path, ...names);
  await lock(at('a'), [ours], JSON.stringify({ exclusive: [[ours, 7, 0]] }));
  const mixed = { shared: [[ours, 7, 0], [theirs, 8, 0]] }; // biome-ignore format: one line
  await lock(at('b'), [theirs], JSON.stringify(mixed));
  await lock(at('c'), [theirs, `${ours}4`], JSON.stringify({ exclusive: [[theirs, 8, 0]] }));
  await lock(at('half'), [], `{"exclusive": [["${ours}"`);
  await mkdir(at('free'));
  await lock(at('lost+found'), [ours], '');

  assert.deepEqual((await removeDeadLocks(directory.path, ours)).sort(), ['a', 'b', 'half']);
  assert.deepEqual(await readdir(at('a')), []);
  assert.deepEqual(await readdir(at('b', 'lock.exclusive')), [`${theirs}.7-0`]);
  assert.equal(await readFile(at('b', 'lock.roster'), 'utf8'), JSON.stringify({ shared: [[theirs, 8, 0]] }));
  assert.equal((await readdir(at('c', 'lock.exclusive'))).length, 2);
  assert.equal(existsSync(at('half', 'lock.roster')), false);
  assert.equal((await readdir(at('lost+found', 'lock.exclusive'))).length, 1);
  assert.deepEqual(await removeDeadLocks(directory.path, ours), []);
});
