import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerError } from './error.ts';

/** Makes the server's own directory in the volume, which no set can be called as. Throws where nothing can be written. */
export async function openOwnDirectory(repositories: string, uid: number): Promise<string> {
  const directory = join(repositories, '.borg-volume-sync');
  try {
    await access(repositories, constants.W_OK | constants.X_OK);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ServerError(
      `The volume ${repositories} can't be written by user ${uid} (${(error as Error).message}): mount it there, and set the pod's runAsUser to its owner, or fsGroup to its group.`,
    );
  }
  return directory;
}

/** Writes a file that is there as a whole or not at all, also after a loss of power. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(`${path}.new`, text, { mode, flush: true });
  await rename(`${path}.new`, path);
}

/** The file's text, or `undefined` where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw new ServerError(
      `The file ${path} can't be read (${error.message}): give it to the user that the server runs as.`,
    );
  });
}
