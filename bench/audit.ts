import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TemporaryDirectory } from '../test/support/temporary.ts';
import type { Site } from './site.ts';

/** Which database of which archive. */
export type Archived = { readonly set: string; readonly archive: string; readonly file: string };

/** Restores an archive and reads its database. `judge` throws where that is none that ever existed: the reason is the answer. */
export async function faultOf(
  site: Site,
  { set, archive, file }: Archived,
  judge: (database: DatabaseSync) => void,
): Promise<string | undefined> {
  await using directory = await TemporaryDirectory.make('audit');
  const cwd = join(directory.path, 'data');
  await mkdir(cwd);
  await site.server.borg(['extract', `::${archive}`], { set, cwd });
  // As in a new pod: what another process shared is not there.
  await rm(join(cwd, `${file}-shm`), { force: true });
  try {
    using database = new DatabaseSync(join(cwd, file));
    judge(database);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
