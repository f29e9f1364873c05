import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes the locks that a dead container left in Borg's caches. Only safe before the first borg command of a
 * container: nobody else uses these directories, and a reused process id would make a dead lock look alive.
 */
export async function removeCacheLocks(baseDirs: string): Promise<void> {
  for (const baseDir of await directories(baseDirs)) {
    for (const kind of ['.cache/borg', '.config/borg/security']) {
      const directory = join(baseDirs, baseDir, kind);
      for (const repository of await directories(directory)) {
        for (const lock of ['lock.exclusive', 'lock.roster']) {
          await rm(join(directory, repository, lock), { recursive: true, force: true });
        }
      }
    }
  }
}

async function directories(directory: string): Promise<string[]> {
  const found = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
