import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { BorgServer } from '../test/support/borg-server.ts';
import { borgClient, executable } from '../test/support/paths.ts';
import { TemporaryDirectory } from '../test/support/temporary.ts';

/** What a person would type instead: `borg list`, then `borg extract`, with the same key over the same ssh. */
export async function restoreByHand(server: BorgServer, set: string, archive: string): Promise<number> {
  await using directory = await TemporaryDirectory.make('bare');
  const secret = join(directory.path, 'secret');
  const volume = join(directory.path, 'volume');
  await mkdir(secret);
  await mkdir(volume);
  await server.secret(secret);
  const ssh = ['ssh', '-F', 'none', '-i', join(secret, 'ssh-privatekey'), '-o', 'BatchMode=yes'];
  const env = {
    PATH: `${dirname(executable(borgClient))}:/usr/bin:/bin`,
    HOME: directory.path,
    BORG_BASE_DIR: directory.path,
    BORG_RSH: [...ssh, '-o', `UserKnownHostsFile=${join(secret, 'known_hosts')}`].join(' '),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    LANG: 'C.UTF-8',
  };
  const options = { cwd: volume, env, extendEnv: false, stdin: 'ignore' } as const;
  const repository = `${server.repoBase}/${set}`;
  const began = performance.now();
  await execa('borg', ['list', repository], options);
  await execa('borg', ['extract', '--numeric-ids', `${repository}::${archive}`], options);
  return (performance.now() - began) / 1_000;
}
