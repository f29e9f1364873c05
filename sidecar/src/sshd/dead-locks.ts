import { readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveName } from '../settings/values.ts';
import { readIfThere, writeWhole } from './own-files.ts';

/**
 * Removes the locks that a killed container of this server left in its repositories, and nobody else's. Borg would do
 * it, but for a process id that somebody has again by then, which in a container is likely. Only safe before sshd
 * starts, and while this is the only server of the volume. Returns the sets that were locked.
 *
 * @param hostId the name in the locks: see `readHostId`
 */
export async function removeDeadLocks(repositories: string, hostId: string): Promise<string[]> {
  const sets: string[] = [];
  for (const entry of await readdir(repositories, { withFileTypes: true })) {
    const repository = join(repositories, entry.name);
    // Others, such as lost+found, are no repositories, and may not be readable.
    if (entry.isDirectory() && archiveName.parse(entry.name) !== undefined) {
      const exclusive = await removeExclusive(join(repository, 'lock.exclusive'), hostId);
      const shared = await removeShared(join(repository, 'lock.roster'), hostId);
      sets.push(...(exclusive || shared ? [entry.name] : []));
    }
  }
  return sets;
}

async function removeExclusive(directory: string, hostId: string): Promise<boolean> {
  const holders = await readdir(directory).catch(() => []);
  const dead = holders.filter((name) => name.startsWith(`${hostId}.`));
  for (const name of dead) {
    await unlink(join(directory, name));
  }
  if (dead.length > 0 && dead.length === holders.length) {
    await rmdir(directory);
  }
  return dead.length > 0;
}

/** The roster has, for each kind of lock, its holders: host, process and thread. */
type Roster = Readonly<Record<string, readonly (readonly [string, number, number])[]>>;

async function removeShared(path: string, hostId: string): Promise<boolean> {
  const text = await readIfThere(path);
  if (text === undefined || !text.includes(JSON.stringify(hostId))) {
    return false;
  }
  const left = parseRoster(text).map(
    ([kind, holders]) => [kind, holders.filter(([host]) => host !== hostId)] as const,
  );
  if (left.every(([, holders]) => holders.length === 0)) {
    await rm(path);
  } else {
    await writeWhole(path, JSON.stringify(Object.fromEntries(left)));
  }
  return true;
}

/** Half a roster, as a loss of power leaves it, counts as none: so it does for Borg. */
function parseRoster(text: string) {
  try {
    return Object.entries(JSON.parse(text) as Roster);
  } catch {
    return [];
  }
}
