import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '..', '..');
export const node = join(repositoryRoot, 'node_modules', '.bin', 'node');
/** Where Node keeps what it has made of the source. */
export const compileCache = join(repositoryRoot, '.cache', 'compiled');
export const sidecarEntry = join(repositoryRoot, 'sidecar', 'src', 'main.ts');

/** The version that the image contains; its directory comes first in a pod's PATH. */
export const borgClient = join(repositoryRoot, '.cache', 'bin', 'borg');
/** The Python that runs it. */
export const borgPython = join(repositoryRoot, '.cache', 'borg-1.4', 'bin', 'python3');
/** What an old server runs. */
export const borg12 = join(repositoryRoot, '.cache', 'borg-1.2', 'bin', 'borg');

/** The path, if it can be run: a missing prerequisite is an error, not a skipped test. */
export function executable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new Error(`${path} can't be run: make it with "npm run setup".`, { cause });
  }
}
