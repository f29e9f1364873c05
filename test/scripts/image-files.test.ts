import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { differences } from '../../scripts/image-files.ts';
import { TemporaryDirectory } from '../support/temporary.ts';

function twoTrees({ path }: TemporaryDirectory): [string, string] {
  const trees: [string, string] = [join(path, 'one'), join(path, 'other')];
  for (const tree of trees) {
    mkdirSync(join(tree, 'etc'), { recursive: true });
    writeFileSync(join(tree, 'etc', 'same'), 'same');
    symlinkSync('same', join(tree, 'etc', 'link'));
  }
  return trees;
}

test('trees that differ in times only are the same', async () => {
  await using directory = await TemporaryDirectory.make();
  const [one, other] = twoTrees(directory);
  utimesSync(join(other, 'etc', 'same'), 1, 1);
  assert.deepEqual(differences(one, other), []);
});

test('content, mode, target and absence are differences, in the order of paths', async () => {
  await using directory = await TemporaryDirectory.make();
  const [one, other] = twoTrees(directory);
  for (const tree of [one, other]) {
    writeFileSync(join(tree, 'content'), tree);
    symlinkSync(tree, join(tree, 'target'));
  }
  chmodSync(join(one, 'etc', 'same'), 0o600);
  writeFileSync(join(other, 'new'), '');
  assert.deepEqual(
    differences(one, other).map((line) => line.split(': ')[0]),
    ['/content', '/etc/same', '/new', '/target'],
  );
});
