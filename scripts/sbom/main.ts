/**
 * Writes the SPDX document of the image that it runs in to standard output; the Dockerfile calls it. Its only argument is
 * a directory, which is not part of the image, with `packages.json`, the npm packages in the bundle, and `base.txt`, the
 * files of the base image.
 * Environment: VERSION, the program's; SOURCE_DATE_EPOCH, the seconds since 1970 that the document is of.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageSbom } from './image.ts';

const [inputs] = process.argv.slice(2);
const { VERSION: version, SOURCE_DATE_EPOCH: created } = process.env;
if (inputs === undefined || !version || !/^\d+$/.test(created ?? '')) {
  throw new Error('Expected one directory, and VERSION and SOURCE_DATE_EPOCH in the environment.');
}
const document = imageSbom('', {
  version,
  created: Number(created),
  // On /mnt may be what the build needs: nothing of it comes into the image.
  without: [inputs, '/mnt'],
  bundled: JSON.parse(readFileSync(join(inputs, 'packages.json'), 'utf8')),
  base: readFileSync(join(inputs, 'base.txt'), 'utf8').trimEnd().split('\n'),
  node: process.versions,
});
process.stdout.write(JSON.stringify(document));
