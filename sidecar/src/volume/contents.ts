import { chmod, lstat, mkdir, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { RESERVED } from './reserved.ts';

/** Whether the volume holds nothing of an application's. */
export async function isEmpty(volume: string): Promise<boolean> {
  return (await readdir(volume)).every((name) => RESERVED.includes(name));
}

/** Removes everything but what is reserved. `find` and `rm` know names that are no UTF-8. */
export async function wipe(volume: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const entries = applicationEntries(volume);
  const remove = () =>
    execa('find', [...entries, '-exec', 'rm', '-rf', '--', '{}', '+'], { cancelSignal: signal });
  try {
    await remove();
  } catch {
    signal.throwIfAborted();
    // A directory without write permission keeps its entries, also from its owner.
    await execa('find', [...entries, '-exec', 'chmod', '-R', 'u+rwX', '--', '{}', '+'], { reject: false });
    await remove();
  }
}

/** Makes every entry one user's and group's. */
export async function takeOwnership(volume: string, owner: { uid: number; gid: number }): Promise<void> {
  const chown = ['chown', '-hR', `${owner.uid}:${owner.gid}`, '--', '{}', '+'];
  await execa('find', [...applicationEntries(volume), '-exec', ...chown]);
}

/** Writes what the file system of the volume still has in memory to its disk. */
export async function flush(volume: string): Promise<void> {
  await execa('sync', ['-f', volume]);
}

/** Bytes that can still be written to the volume. */
export async function freeBytes(volume: string): Promise<number> {
  const { bavail, bsize } = await statfs(volume);
  return bavail * bsize;
}

/** Makes directories in the volume, with the mode of its root; owned by whoever calls. */
export async function makeDirectories(volume: string, paths: readonly string[]): Promise<void> {
  const { mode } = await lstat(volume);
  for (const path of paths) {
    const parts = path.split('/');
    for (const depth of parts.keys()) {
      const directory = join(volume, ...parts.slice(0, depth + 1));
      if ((await mkdir(directory, { recursive: true })) !== undefined) {
        // mkdir itself leaves out what the umask takes, and the special bits.
        await chmod(directory, mode & 0o7777);
      }
    }
  }
}

/** What `find` is told to begin with: the entries of the root that are not reserved. */
function applicationEntries(volume: string): string[] {
  const ours = RESERVED.flatMap((name) => ['!', '-name', name]);
  return [volume, '-mindepth', '1', '-maxdepth', '1', ...ours];
}
