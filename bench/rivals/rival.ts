import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from '../site.ts';

/** What copies a volume to the server and back. */
export interface Rival {
  save(volume: string): Promise<void>;
  restore(volume: string): Promise<void>;
}

/** A directory on the server for what a rival keeps there. */
export async function makeRemote(site: Site, name: string): Promise<string> {
  const remote = join(site.directory, name);
  await mkdir(remote, { recursive: true });
  return remote;
}
