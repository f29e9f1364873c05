/** `npm run generate`: writes what the documentation takes from the sources. `test/house` compares it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GENERATED, replaceGenerated } from './generated.ts';

for (const { file, name, text } of GENERATED) {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  writeFileSync(path, replaceGenerated(readFileSync(path, 'utf8'), name, text()));
  console.log(`${file}: ${name}`);
}
