/**
 * `node scripts/compare-images.ts A B`: how two unpacked images, or any two directories, differ, but for time stamps: in
 * content, mode, owner or target of a file. Exits with 1 if they do.
 */
import { differences } from './image-files.ts';

const [one, other] = process.argv.slice(2);
if (one === undefined || other === undefined) throw new Error('Expected two directories.');
const found = differences(one, other);
for (const line of found) console.log(line);
process.exitCode = found.length > 0 ? 1 : 0;
