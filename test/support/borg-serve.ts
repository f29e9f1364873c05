import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BorgServer } from './borg-server.ts';
import { type Process, signal } from './processes.ts';
import { until } from './until.ts';

/**
 * Freezes the `borg serve` that holds the set's lock, as a node does that loses its power: the server keeps the
 * connection, and with it the lock.
 */
export async function freezeLockHolder(server: BorgServer, set: string): Promise<AsyncDisposable> {
  const directory = join(server.repository(set), 'lock.exclusive');
  const holder = await until(
    () => {
      const pid = holderOf(directory);
      const found = pid === undefined ? undefined : server.sshd.sessions().find((entry) => entry.pid === pid);
      if (found !== undefined) signal(found.pid, 'SIGSTOP');
      // It may have ended between the look and the blow.
      return found !== undefined && holderOf(directory) === found.pid ? found : undefined;
    },
    (found): found is Process => found !== undefined,
  );
  return {
    async [Symbol.asyncDispose]() {
      if (holder !== undefined) signal(holder.pid, 'SIGKILL');
    },
  };
}

function holderOf(directory: string): number | undefined {
  try {
    // Borg names the file `<host>.<process id>-<thread>`.
    const [name] = readdirSync(directory);
    const pid = /\.(\d+)-\d+$/.exec(name ?? '')?.[1];
    return pid === undefined ? undefined : Number(pid);
  } catch {
    return undefined;
  }
}
