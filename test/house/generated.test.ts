import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GENERATED, replaceGenerated } from '../../scripts/generated.ts';

for (const { file, name, text } of GENERATED) {
  test(`${file} has the ${name} of today`, () => {
    const document = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.equal(document, replaceGenerated(document, name, text()), 'Run: npm run generate');
  });
}

test('a document without its marks is refused', () => {
  assert.throws(() => replaceGenerated('nothing', 'settings', ''), /marks .* are missing/);
});
