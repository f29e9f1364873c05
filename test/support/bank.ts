import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { executable, node } from './paths.ts';

const ACCOUNTS = 200;
const EACH = 1_000;
// Enough to make a transaction touch several pages.
const FILLER = 'x'.repeat(500);

export type JournalMode = 'wal' | 'delete' | 'truncate' | 'persist';

/** Makes a database of accounts whose sum never changes, and in which each transfer is counted twice. */
export function makeBank(path: string, mode: JournalMode): DatabaseSync {
  const bank = new DatabaseSync(path);
  bank.exec(`PRAGMA journal_mode = ${mode}; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 20;
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, filler TEXT);
    CREATE TABLE transfer (id INTEGER PRIMARY KEY, filler TEXT);
    CREATE TABLE transfers (number INTEGER);
    INSERT INTO transfers VALUES (0);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})
    INSERT INTO account SELECT i, ${EACH}, '${FILLER}' FROM n;`);
  return bank;
}

/** One transaction over several accounts far apart. */
export function transfer(bank: DatabaseSync, number: number): void {
  const at = (step: number) => ((number * 37 + step * 53) % ACCOUNTS) + 1;
  bank.exec(`BEGIN IMMEDIATE;
    UPDATE account SET balance = balance - 3 WHERE id = ${at(0)};
    UPDATE account SET balance = balance + 1 WHERE id IN (${at(1)}, ${at(2)}, ${at(3)});
    INSERT INTO transfer (filler) VALUES ('${FILLER}');
    UPDATE transfers SET number = number + 1;
    COMMIT;`);
}

/** What is wrong with a bank; undefined: it is a state that existed. */
export function findDamage(path: string): string | undefined {
  const bank = new DatabaseSync(path);
  try {
    const integrity = bank.prepare('PRAGMA integrity_check').get()?.integrity_check;
    const sum = bank.prepare('SELECT sum(balance) AS sum FROM account').get()?.sum;
    const listed = bank.prepare('SELECT count(*) AS n FROM transfer').get()?.n;
    const counted = bank.prepare('SELECT number FROM transfers').get()?.number;
    return integrity === 'ok' && sum === ACCOUNTS * EACH && listed === counted
      ? undefined
      : `${integrity}, sum ${sum}, ${listed} transfers of ${counted}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    bank.close();
  }
}

/** Another process that makes a bank and transfers in it without a break, until it is disposed of. */
export async function startTransfers(path: string, mode: JournalMode): Promise<AsyncDisposable> {
  const program = fileURLToPath(new URL('./bank-clerk.ts', import.meta.url));
  const clerk = spawn(executable(node), [program, path, mode], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(createInterface({ input: clerk.stdout }), 'line');
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(clerk, 'exit');
      clerk.kill('SIGKILL');
      await ended;
    },
  };
}
