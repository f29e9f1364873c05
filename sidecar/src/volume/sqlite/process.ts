import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { tied } from '../../tied.ts';

// Beside this file, as source and in the bundle.
const PROGRAM = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
// Node alone reserves 560 MiB that it never touches.
const MOST_DATA_BYTES = 1024 * 1024 * 1024;

const OPTIONS = {
  reject: false,
  buffer: false,
  // A signal for the program's process group is not for this one.
  detached: true,
  cleanup: false,
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'ignore',
  extendEnv: false,
  env: { PATH: process.env.PATH ?? '', MALLOC_ARENA_MAX: '1' },
} as const;

/** The process that opens databases: it ends with this one, has a limit of memory, and knows no key and no passphrase. */
export type DatabaseProcess = ResultPromise<typeof OPTIONS>;

export function startDatabaseProcess(...args: readonly string[]): DatabaseProcess {
  return execa(
    ...tied(
      ...['prlimit', `--data=${MOST_DATA_BYTES}`, '--core=0'],
      ...[process.execPath, '--max-semi-space-size=1', '--v8-pool-size=1', PROGRAM, ...args],
    ),
    OPTIONS,
  );
}
