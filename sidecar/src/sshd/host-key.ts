import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ServerError } from './error.ts';
import { readIfThere, writeWhole } from './own-files.ts';

/** What the server proves itself with. */
export interface HostKey {
  /** The private key, where only sshd's user can read it. */
  readonly path: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** As ssh shows it: `SHA256:…` */
  readonly fingerprint: string;
  /** A line for `known_hosts` that fits whatever name and port the server is reached by. */
  readonly knownHosts: string;
}

/**
 * Takes the host key from `own`, the server's directory in the volume, or makes it there the first time. sshd refuses a
 * key that a group can read, as an fsGroup has it, so it gets a copy in `directory`.
 *
 * @param variables what ssh's tools need to run as this user
 */
export async function prepareHostKey(
  own: string,
  directory: string,
  variables: Readonly<Record<string, string>>,
): Promise<HostKey> {
  const kept = join(own, 'ssh_host_ed25519_key');
  const path = join(directory, 'host_key');
  const text = (await readIfThere(kept)) ?? (await makeKey(kept, path, variables));
  await writeWhole(path, text);
  const { stdout, stderr, exitCode } = await execa('ssh-keygen', ['-y', '-P', '', '-f', path], {
    reject: false,
    stdin: 'ignore',
    env: variables,
  });
  const [, publicKey = '', blob = ''] = /^(ssh-ed25519 (\S+))/.exec(stdout) ?? [];
  if (exitCode !== 0 || blob === '') {
    throw new ServerError(
      `The host key ${kept} is no ed25519 key without a passphrase (${stderr.trim().split('\n').at(-1)}): put the right one back; or remove it, and give every pod the new known_hosts.`,
    );
  }
  const hash = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  const knownHosts = `* ${publicKey}`;
  await writeWhole(join(own, 'known_hosts'), `${knownHosts}\n`, 0o644);
  return { path, publicKey, fingerprint: `SHA256:${hash.replace(/=+$/, '')}`, knownHosts };
}

async function makeKey(
  kept: string,
  scratch: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  await rm(scratch, { force: true });
  const args = ['-q', '-t', 'ed25519', '-N', '', '-C', 'borg-volume-sync', '-f', scratch];
  const { exitCode, stderr } = await execa('ssh-keygen', args, {
    reject: false,
    stdin: 'ignore',
    env: variables,
  });
  if (exitCode !== 0) {
    throw new ServerError(`ssh-keygen made no host key in ${scratch} (${stderr}): make STATE_DIR writable.`);
  }
  const text = await readFile(scratch, 'utf8');
  await rm(`${scratch}.pub`, { force: true });
  await writeWhole(kept, text);
  return text;
}
