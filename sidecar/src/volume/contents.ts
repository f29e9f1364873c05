import { chmod, lstat, mkdir, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError, execa } from 'execa';
import { RESERVED } from './reserved.ts';

/** The volume can't be brought into the state that it must have. `message` is one sentence. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

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
    await remove().catch((error) => {
      signal.throwIfAborted();
      throw new VolumeError(
        `The volume ${volume} can't be emptied (${lastWord(error)}): start with a new one.`,
      );
    });
  }
}

/** Makes every entry one user's and group's. */
export async function takeOwnership(volume: string, owner: { uid: number; gid: number }): Promise<void> {
  const chown = ['chown', '-hR', `${owner.uid}:${owner.gid}`, '--', '{}', '+'];
  await execa('find', [...applicationEntries(volume), '-exec', ...chown]).catch((error) => {
    throw new VolumeError(
      `The files of ${volume} can't be given to USER_UID ${owner.uid} (${lastWord(error)}): give the container the capability CHOWN, or run it as that user.`,
    );
  });
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
      const made = await mkdir(directory, { recursive: true }).catch((error) => {
        throw new VolumeError(
          `The directory "${path}" of MAKE_DIRS can't be made in the volume (${error.message}): correct MAKE_DIRS.`,
        );
      });
      if (made !== undefined) {
        // mkdir itself leaves out what the umask takes, and the special bits.
        await chmod(directory, mode & 0o7777);
      }
    }
  }
}

function lastWord(error: unknown): string {
  const text = error instanceof ExecaError ? String(error.stderr ?? '') || error.shortMessage : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}

/** What `find` is told to begin with: the entries of the root that are not reserved. */
function applicationEntries(volume: string): string[] {
  const ours = RESERVED.flatMap((name) => ['!', '-name', name]);
  return [volume, '-mindepth', '1', '-maxdepth', '1', ...ours];
}
