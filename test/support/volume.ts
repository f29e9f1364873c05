import { chmod, chown, link, mkdir, open, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { noise, pick } from './noise.ts';

export type Filling = {
  files: number;
  /** Of all files together. */
  bytes: number;
  seed?: string | number;
  /** How many directories the files are spread over, nested up to three deep. */
  directories?: number;
};

/** The newest time stamp that a filled volume has: long ago, so that nothing in it counts as changing. */
const made = new Date('2026-01-02T03:04:05.678Z');

/** Fills a directory with files whose names, sizes, content and times follow from the seed. */
export async function fillVolume(directory: string, filling: Filling): Promise<string[]> {
  const { files, bytes, seed = 1, directories = Math.ceil(files / 20) } = filling;
  const sizes = fileSizes(files, bytes, seed);
  const paths: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const path = join(directoryName(pick(`${seed}/place`, index, directories)), `file-${index}.bin`);
    await mkdir(join(directory, dirname(path)), { recursive: true });
    await writeFile(join(directory, path), noise(`${seed}/${index}`, size));
    await utimes(join(directory, path), made, made);
    paths.push(path);
  }
  return paths;
}

/** Writes other bytes of the same size into one file of a filled volume. */
export async function changeFile(path: string, seed: string | number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    await file.write(noise(`${seed}/change`, size), 0, size, 0);
  } finally {
    await file.close();
  }
}

/** One of everything that a volume may hold and a careless program loses. Returns where it lies. */
export async function addOddities(directory: string): Promise<string> {
  const at = (...names: string[]) => join(directory, 'oddities', ...names);
  await mkdir(at('empty directory'), { recursive: true });
  await mkdir(at('deep', 'deeper', 'deepest'), { recursive: true });
  const names = [
    'with space',
    '[bracket]*?',
    'back\\slash',
    'new\nline',
    'ünïcödé 🗄',
    '-dash',
    '{now}',
    '.hidden',
  ];
  for (const name of names) await writeFile(at(name), `content of ${name}`);
  await writeFile(Buffer.concat([Buffer.from(`${at()}/not-utf8-`), Buffer.from([0xff, 0xfe])]), 'bytes');
  await writeFile(at('zero'), '');
  await writeFile(at('deep', 'deeper', 'deepest', 'file'), noise('deepest', 5_000));
  await addLinks(at);
  await addModes(at);
  await writeFile(at('sparse'), 'start');
  await truncate(at('sparse'), 4 * 1024 * 1024);
  return at();
}

/** Several owners in one volume; only root can make them. */
export async function addOwners(
  directory: string,
  owners: readonly (readonly [number, number])[],
): Promise<void> {
  for (const [uid, gid] of owners) {
    const path = join(directory, `of-${uid}-${gid}`);
    await writeFile(path, `${uid}:${gid}`);
    await chown(path, uid, gid);
  }
}

async function addLinks(at: (...names: string[]) => string): Promise<void> {
  await writeFile(at('linked'), 'one inode, two names');
  await link(at('linked'), at('deep', 'hard link'));
  await symlink('linked', at('symlink'));
  await symlink('nowhere/at all', at('dangling symlink'));
  await symlink('empty directory', at('symlink to directory'));
  await symlink('/etc/hostname', at('symlink out of the volume'));
}

async function addModes(at: (...names: string[]) => string): Promise<void> {
  const modes: Record<string, number> = { sticky: 0o1777, setgid: 0o2775, private: 0o700 };
  for (const [name, mode] of Object.entries(modes)) {
    await mkdir(at(name));
    // mkdir leaves out what the umask takes, and the special bits.
    await chmod(at(name), mode);
  }
  for (const mode of [0o400, 0o755, 0o666]) {
    const path = at(`mode-${mode.toString(8)}`);
    await writeFile(path, '');
    await chmod(path, mode);
  }
}

/** Sizes of every magnitude that add up to `bytes`. */
function fileSizes(files: number, bytes: number, seed: string | number): number[] {
  const weights = Array.from({ length: files }, (_, index) => 2 ** (pick(`${seed}/size`, index, 1000) / 125));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sizes = weights.map((weight) => Math.floor((bytes * weight) / total));
  const rest = bytes - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size, index) => (index === 0 ? size + rest : size));
}

function directoryName(index: number): string {
  const names = index.toString(8).padStart(3, '0').split('');
  return join(...names.map((digit, depth) => `${'abcdefgh'[depth % 8]}${digit}`));
}
