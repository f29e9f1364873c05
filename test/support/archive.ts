import { type Comment, readComment, writeComment } from '../../sidecar/src/lineage/comment.ts';
import { lineageName } from '../../sidecar/src/lineage/names.ts';
import type { BorgServer } from './borg-server.ts';
import { comment } from './comment.ts';
import { TemporaryDirectory } from './temporary.ts';

export type SeedOptions = {
  set: string;
  directory: string;
  sequence?: number;
  passphrase?: string;
  /** What is not as an ordinary pod would say it. */
  comment?: Partial<Comment>;
  /** Borg's further arguments. */
  args?: readonly string[];
};

/** Puts an archive into a set as an earlier pod would have, faster. Returns its name. */
export async function seedArchive(server: BorgServer, options: SeedOptions): Promise<string> {
  const { set, directory, sequence = 1, passphrase, args = [] } = options;
  const name = lineageName(set, sequence);
  const text = writeComment(comment({ set, seq: sequence, final: true, closing: true, ...options.comment }));
  const create = ['create', '--comment', text, '--exclude', 'pp:.borg-volume-sync', ...args];
  await server.borg([...create, `::${name}`, '.'], { set, cwd: directory, passphrase });
  return name;
}

/** The comments of all archives of a set, by name; nothing for those that are not ours. */
export async function commentsOf(
  server: BorgServer,
  set: string,
  passphrase?: string,
): Promise<Record<string, Comment | undefined>> {
  const archives = await server.archives(set, passphrase);
  return Object.fromEntries(archives.map(({ name, comment }) => [name, readComment(comment)]));
}

/** The archives of a set that count as backups, by rising number: what holds the volume, without claims and closes. */
export async function dataOf(
  server: BorgServer,
  set: string,
  passphrase?: string,
): Promise<{ name: string; comment: Comment }[]> {
  const all = Object.entries(await commentsOf(server, set, passphrase));
  return all
    .flatMap(([name, comment]) => (comment?.kind === 'data' ? [{ name, comment }] : []))
    .sort((one, other) => one.comment.seq - other.comment.seq);
}

/** Their names. */
export async function dataNames(server: BorgServer, set: string, passphrase?: string): Promise<string[]> {
  return (await dataOf(server, set, passphrase)).map(({ name }) => name);
}

/** Claims and closes of a set by rising number: `claim`, or `close` with what it says. */
export async function recordsOf(server: BorgServer, set: string, passphrase?: string): Promise<string[]> {
  const all = Object.values(await commentsOf(server, set, passphrase));
  return all
    .flatMap((comment) => (comment?.kind === 'claim' || comment?.kind === 'close' ? [comment] : []))
    .sort((one, other) => one.seq - other.seq)
    .map(({ kind, final, closing }) =>
      [kind, closing && 'closing', final && 'final'].filter(Boolean).join(' '),
    );
}

/** Extracts an archive on the server into a directory of its own, as a person would. */
export async function extractByHand(
  server: BorgServer,
  { set, name, passphrase }: { set: string; name: string; passphrase?: string },
): Promise<TemporaryDirectory> {
  const directory = await TemporaryDirectory.make('by-hand');
  await server.borg(['extract', `::${name}`], { set, cwd: directory.path, passphrase });
  return directory;
}
