import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** `publicKey` is "ssh-ed25519 AAAA…", without comment. */
export type KeyPair = { path: string; privateKey: string; publicKey: string };

/** Makes an unencrypted ed25519 key pair; an older one of the same name is replaced. */
export async function makeKeyPair(directory: string, name: string): Promise<KeyPair> {
  const path = join(directory, name);
  await rm(path, { force: true });
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path], { stdin: 'ignore' });
  const [privateKey, publicLine] = await Promise.all([
    readFile(path, 'utf8'),
    readFile(`${path}.pub`, 'utf8'),
  ]);
  return { path, privateKey, publicKey: publicLine.trim() };
}
