/**
 * The service of the demonstration: it counts, and each number is on disk before the next. Its argument is its data
 * directory. It begins where the data ends, as any service would.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const PAUSE_MS = 50;
const PICTURES = 300;
const PICTURE_BYTES = 64 * 1024;

const directory = process.argv[2];
if (directory === undefined) {
  throw new Error('Usage: application.ts DIRECTORY');
}
const journal = join(directory, 'journal.log');

let count = existsSync(journal) ? readFileSync(journal, 'utf8').trimEnd().split('\n').length : 0;
if (count === 0) {
  mkdirSync(join(directory, 'pictures'));
  for (let picture = 1; picture <= PICTURES; picture += 1) {
    const pixels = crypto.getRandomValues(new Uint8Array(PICTURE_BYTES));
    writeFileSync(join(directory, 'pictures', `${picture}.raw`), pixels);
  }
}
const file = openSync(journal, 'a');
const timer = setInterval(() => {
  count += 1;
  writeSync(file, `${count} ${new Date().toISOString()}\n`);
  fsyncSync(file);
}, PAUSE_MS);
process.send?.({ count });

process.once('SIGTERM', end);
// Nobody is left to end it.
process.once('disconnect', end);

function end(): void {
  clearInterval(timer);
  process.off('SIGTERM', end).off('disconnect', end);
  writeSync(file, `${count + 1} the last words before the end\n`);
  fsyncSync(file);
  closeSync(file);
  process.disconnect?.();
}
