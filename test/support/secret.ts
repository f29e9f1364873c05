import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type SecretAccess = { mode?: number; uid?: number; gid?: number };

/**
 * Writes a directory as the kubelet mounts a Secret: `ssh-privatekey` is a link to `..data/ssh-privatekey`, and
 * `..data` a link that is swapped at once when the Secret changes. Called again, it changes the Secret.
 */
export async function writeSecret(
  directory: string,
  files: Readonly<Record<string, string>>,
  { mode = 0o400, uid, gid }: SecretAccess = {},
): Promise<void> {
  const generation = `..${Date.now()}.${process.hrtime.bigint()}`;
  const target = join(directory, generation);
  await mkdir(target, { recursive: true, mode: 0o755 });
  for (const [name, content] of Object.entries(files)) {
    const path = join(target, name);
    await writeFile(path, content);
    await chmod(path, mode);
    if (uid !== undefined || gid !== undefined) await chown(path, uid ?? -1, gid ?? -1);
  }
  await symlink(generation, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  await settle(directory, new Set(Object.keys(files)), generation);
}

async function settle(directory: string, names: ReadonlySet<string>, generation: string): Promise<void> {
  const present = new Set(await readdir(directory));
  for (const name of names) {
    if (!present.has(name)) await symlink(join('..data', name), join(directory, name));
  }
  for (const name of present) {
    if (name !== '..data' && name !== generation && !names.has(name)) {
      await rm(join(directory, name), { recursive: true });
    }
  }
}
