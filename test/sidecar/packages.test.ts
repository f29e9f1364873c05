import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundledPackages, licenseTexts } from '../../sidecar/packages.ts';
import { TemporaryDirectory } from '../support/temporary.ts';

/** Writes npm packages, and gives the path of a source in each. */
function install(root: string, packages: Record<string, { manifest: object; license?: string }>): string[] {
  return Object.entries(packages).map(([path, { manifest, license }]) => {
    const directory = join(root, 'node_modules', path);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
    if (license !== undefined) writeFileSync(join(directory, 'LICENSE.md'), license);
    return join(directory, 'lib', 'index.js');
  });
}

test('each package in the bundle is named once for each version, with the text of its licence', async () => {
  await using directory = await TemporaryDirectory.make();
  const root = directory.path;
  const sources = install(root, {
    b: { manifest: { name: 'b', version: '2.0.0', license: 'ISC' }, license: 'ISC of b' },
    '@of/a': { manifest: { name: '@of/a', version: '1.0.0', license: 'MIT' }, license: 'MIT of a\n' },
    'b/node_modules/c': {
      manifest: { name: 'c', version: '3.0.0', license: '(MIT OR Apache-2.0)' },
      license: 'of c',
    },
  });
  const packages = bundledPackages([...sources, ...sources, join(root, 'src', 'main.ts')]);
  assert.deepEqual(
    packages.map(({ name, version, license }) => `${name} ${version} ${license}`),
    ['@of/a 1.0.0 MIT', 'b 2.0.0 ISC', 'c 3.0.0 (MIT OR Apache-2.0)'],
  );
  assert.equal(licenseTexts(packages.slice(0, 2)), '@of/a 1.0.0\n\nMIT of a\n\n\nb 2.0.0\n\nISC of b\n');
});

const refused = [
  { case: 'without a file', license: 'MIT' },
  { case: 'without a name', text: 'all yours' },
  { case: 'with a name that is none', license: 'SEE LICENSE IN LICENSE.md', text: 'all yours' },
];

for (const { case: name, license, text } of refused) {
  test(`a package whose licence is ${name} is refused`, async () => {
    await using directory = await TemporaryDirectory.make();
    const manifest = { name: 'stray', version: '1.2.3', license };
    const sources = install(directory.path, {
      stray: { manifest, ...(text === undefined ? {} : { license: text }) },
    });
    const there = text === undefined ? 'none' : 'LICENSE.md';
    assert.throws(
      () => bundledPackages(sources),
      (error: Error) =>
        error.message.startsWith('stray 1.2.3 is in the bundle, but ') &&
        error.message.includes(`files: ${there}): use another package.`),
    );
  });
}

test('what is beside packages is no package', () => {
  assert.deepEqual(bundledPackages(['/checkout/sidecar/src/main.ts']), []);
});
