import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretFile } from '../settings/secret-file.ts';
import { CredentialError } from './error.ts';

/** How ssh checks the server's key. */
export interface HostKeyCheck {
  readonly mode: 'yes' | 'accept-new';
  readonly file: string;
}

/**
 * Copies the Secret's `known_hosts` to where ssh may read it; without one, the accepted key is remembered in `directory`
 * (never in the volume, where the application could write it).
 */
export async function prepareKnownHosts(
  secret: SecretFile,
  checking: 'accept-new' | 'strict',
  directory: string,
): Promise<HostKeyCheck> {
  const known = await secret.read();
  if (known !== undefined) {
    const file = join(directory, 'known_hosts');
    // Another ssh may be reading it.
    await writeFile(`${file}.new`, `${known.replaceAll('\r\n', '\n').trim()}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return { mode: 'yes', file };
  }
  if (checking === 'strict') {
    throw new CredentialError(
      `SSH_HOST_KEY_CHECKING is strict, but there is no ${secret.path}: add known_hosts to the Secret.`,
    );
  }
  return { mode: 'accept-new', file: join(directory, 'accepted_hosts') };
}

/** The warning for a server whose key nobody has checked, with the lines to type. */
export function uncheckedHostKeyWarning(
  server: { host: string; port: number },
  secretDirectory: string,
): string {
  const scan = `ssh-keyscan -p ${server.port} ${server.host} > known_hosts`;
  return (
    `There is no known_hosts in ${secretDirectory}: the first key that ${server.host} shows is trusted, so another machine could take its place. ` +
    `Run: ${scan} — compare it with the server's own keys, then: kubectl create secret generic NAME --from-file=ssh-privatekey=KEY --from-file=known_hosts=known_hosts --dry-run=client -o yaml | kubectl apply -f -`
  );
}
