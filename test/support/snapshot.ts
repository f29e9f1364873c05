import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

export type Entry = {
  type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permissions and special bits, in octal. */
  mode: string;
  uid: number;
  gid: number;
  size: number;
  /** Nanoseconds; files only. */
  mtime?: bigint;
  sha256?: string;
  target?: string;
  /** The first path, in order, of those that share the inode. */
  sameFileAs?: string;
};

/** By path relative to the volume; bytes that are no UTF-8 appear as \xNN. */
export type Snapshot = ReadonlyMap<string, Entry>;

export type SnapshotOptions = {
  /** Off where every file becomes the sidecar's own. */
  owners?: boolean;
  times?: boolean;
  /** Names that are left out wherever they appear directly under the volume's root. */
  ignore?: readonly string[];
};

/** What a volume holds, to the byte. The root itself is not part of it. */
export async function snapshot(directory: string, options: SnapshotOptions = {}): Promise<Snapshot> {
  const { owners = true, times = false, ignore = ['.borg-volume-sync', 'lost+found'] } = options;
  const root = Buffer.from(directory);
  const entries = new Map<string, Entry>();
  const inodes = new Map<string, string>();
  for await (const path of walk(root, ignore)) {
    const name = printable(path.subarray(root.length + 1));
    const stat = await lstat(path, { bigint: true });
    const entry = await describe(path, stat);
    if (!owners) Object.assign(entry, { uid: -1, gid: -1 });
    if (!times) delete entry.mtime;
    if (stat.nlink > 1n && !stat.isDirectory()) {
      const inode = `${stat.dev}:${stat.ino}`;
      const first = inodes.get(inode);
      if (first === undefined) inodes.set(inode, name);
      else entry.sameFileAs = first;
    }
    entries.set(name, entry);
  }
  return entries;
}

/** The differences, a readable line each; none if both hold the same. */
export function compare(expected: Snapshot, actual: Snapshot): string[] {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return paths.flatMap((path) => {
    const [before, after] = [expected.get(path), actual.get(path)];
    if (!before) return [`${path}: unexpected ${after?.type}`];
    if (!after) return [`${path}: ${before.type} missing`];
    const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Entry>;
    return [...fields]
      .filter((field) => before[field] !== after[field])
      .map((field) => `${path}: ${field} is ${after[field]}, expected ${before[field]}`);
  });
}

async function* walk(directory: Buffer, ignore: readonly string[]): AsyncGenerator<Buffer> {
  const found = await readdir(directory, { withFileTypes: true, encoding: 'buffer' });
  const children = found
    .filter(({ name }) => !ignore.includes(name.toString('utf8')))
    .sort((one, other) => Buffer.compare(one.name, other.name));
  for (const child of children) {
    const path = Buffer.concat([directory, Buffer.from('/'), child.name]);
    yield path;
    if (child.isDirectory()) yield* walk(path, []);
  }
}

async function describe(path: Buffer, stat: BigIntStats): Promise<Entry> {
  const common = {
    mode: (Number(stat.mode) & 0o7777).toString(8),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
  if (stat.isFile()) {
    const content = { size: Number(stat.size), mtime: stat.mtimeNs, sha256: await sha256(path) };
    return { type: 'file', ...common, ...content };
  }
  if (stat.isSymbolicLink()) {
    const target = printable(await readlink(path, { encoding: 'buffer' }));
    return { type: 'symlink', ...common, size: 0, target };
  }
  return { type: stat.isDirectory() ? 'directory' : 'other', ...common, size: 0 };
}

async function sha256(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}
