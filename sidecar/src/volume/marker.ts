import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { MARKER_DIRECTORY } from './reserved.ts';

/** The volume has a marker that can't be trusted. */
export class MarkerError extends Error {
  override readonly name = 'MarkerError';
}

const FILE = 'state.json';

/**
 * The marker of a volume, or `undefined` if it has none. Throws `MarkerError` for one that can't be read.
 *
 * @param parse tells a marker from any other value
 */
export async function readMarker<Marker>(
  volume: string,
  parse: (value: unknown) => Marker | undefined,
): Promise<Marker | undefined> {
  const path = join(volume, MARKER_DIRECTORY, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw new MarkerError(`${path} can't be read (${(error as Error).message}): correct its owner or mode.`);
  }
  const marker = parse(parseJson(text));
  if (marker === undefined) {
    throw new MarkerError(
      `${path} is damaged or of another version of this program: the volume is left alone. Start with the version that wrote it, or with a new volume.`,
    );
  }
  return marker;
}

/** Replaces the marker, durably: after a power cut there is the old one or the new one. */
export async function writeMarker(volume: string, marker: object): Promise<void> {
  const directory = join(volume, MARKER_DIRECTORY);
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o700).catch(() => {});
  const temporary = join(directory, `${FILE}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, FILE));
  await syncDirectory(directory);
  await syncDirectory(volume);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
