import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Takes back all that a repository that only grew has got after a transaction, as its owner would on the server. */
export async function rollBack(repository: string, transaction: number): Promise<void> {
  for (const name of await readdir(repository)) {
    if (/^(?:index|hints|integrity)\.\d+$/.test(name)) await rm(join(repository, name));
  }
  for (const name of await readdir(join(repository, 'data', '0'))) {
    if (Number(name) > transaction) await rm(join(repository, 'data', '0', name));
  }
}

/** The number of the last transaction of a repository that only grows. */
export async function lastTransaction(repository: string): Promise<number> {
  const log = await readFile(join(repository, 'transactions'), 'utf8');
  return Number(/transaction (\d+)/.exec(log.trim().split('\n').at(-1) ?? '')?.[1]);
}
