import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BorgServer } from './borg-server.ts';
import { borgClient, executable } from './paths.ts';
import { TemporaryDirectory } from './temporary.ts';

/** Another borg that has the repository for itself until it is disposed of. */
export async function heldLock(server: BorgServer, set: string): Promise<AsyncDisposable> {
  const base = await TemporaryDirectory.make('lock');
  const holder = execa(
    executable(borgClient),
    // What runs under the lock says that it is held, and ends with its input.
    ['with-lock', server.repository(set), 'sh', '-c', 'echo held; cat'],
    {
      extendEnv: false,
      env: {
        PATH: '/usr/bin:/bin',
        BORG_BASE_DIR: join(base.path, 'borg'),
        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
        BORG_SELFTEST: 'disabled',
      },
      buffer: false,
      reject: false,
    },
  );
  await once(holder.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await holder;
      await base[Symbol.asyncDispose]();
    },
  };
}
