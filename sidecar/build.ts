import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleProgram } from './bundle.ts';
import { bundledPackages, licenseTexts } from './packages.ts';

const dist = join(import.meta.dirname, 'dist');
const packages = bundledPackages(await bundleProgram(join(dist, 'main.js')));
writeFileSync(join(dist, 'licenses.txt'), licenseTexts(packages));
writeFileSync(
  join(dist, 'packages.json'),
  JSON.stringify(
    packages.map(({ text: _, ...each }) => each),
    null,
    1,
  ),
);
