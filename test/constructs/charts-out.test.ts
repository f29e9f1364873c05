import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const fresh = await mkdtemp(join(tmpdir(), 'charts-out-'));
after(() => rm(fresh, { recursive: true }));

/** The text of every file below a directory, by its path from there. */
async function contents(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (file: string) => [file.slice(directory.length + 1), await readFile(file, 'utf8')];
  return Object.fromEntries(await Promise.all(files.sort().map(read)));
}

test('charts-out is what main.ts synthesises (renew it with: npx cdk8s synth)', async () => {
  // The command line itself, so that cdk8s.yaml is tried too; into another directory, since it empties that first.
  const cdk8s = join(root, 'node_modules/.bin/cdk8s');
  const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
  await run(cdk8s, ['synth', '--check-upgrade=false', '--output', join(fresh, 'charts-out')], {
    cwd: root,
    env: { ...process.env, PATH },
  });
  assert.deepEqual(await contents(join(root, 'charts-out')), await contents(join(fresh, 'charts-out')));
});
