import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'live.json';

/** Remembers beside the volume that the application may have run, so that a volume that vanishes is not taken for new. */
export async function recordLive(stateDir: string, bootId: string): Promise<void> {
  await writeFile(join(stateDir, FILE), JSON.stringify({ bootId }));
}

/** Whether the application may have run in this boot of the node. */
export async function wasLive(stateDir: string, bootId: string): Promise<boolean> {
  try {
    return JSON.parse(await readFile(join(stateDir, FILE), 'utf8')).bootId === bootId;
  } catch {
    return false;
  }
}
