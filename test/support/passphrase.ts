import { execa } from 'execa';
import { borgClient, executable } from './paths.ts';
import { TemporaryDirectory } from './temporary.ts';

/** Gives a repository another passphrase, as its owner would on the server. */
export async function changePassphrase(repository: string, from: string, to: string): Promise<void> {
  await using base = await TemporaryDirectory.make('passphrase');
  await execa(executable(borgClient), ['key', 'change-passphrase', repository], {
    env: { BORG_BASE_DIR: base.path, BORG_PASSPHRASE: from, BORG_NEW_PASSPHRASE: to },
    stdin: 'ignore',
  });
}
