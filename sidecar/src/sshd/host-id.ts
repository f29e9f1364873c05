import { join } from 'node:path';
import { readIfThere, writeWhole } from './own-files.ts';

/**
 * The name under which Borg's locks are this server's, in whatever container it runs: kept in `own`, the server's
 * directory in the volume.
 *
 * @param newId an id that nobody else has
 */
export async function readHostId(own: string, newId: () => string): Promise<string> {
  const path = join(own, 'host_id');
  const kept = (await readIfThere(path))?.trim();
  if (kept !== undefined && /^[\w-]+$/.test(kept)) {
    return kept;
  }
  const hostId = `borg-volume-sync-${newId()}`;
  await writeWhole(path, `${hostId}\n`);
  return hostId;
}
