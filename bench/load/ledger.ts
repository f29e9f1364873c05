import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** SQLite's names: one with a write-ahead log, one with a rollback journal. */
export type JournalMode = 'wal' | 'delete';

const ACCOUNTS = 1_000;
const PER_ACCOUNT = 1_000;
const CHANGES_PER_TRANSACTION = 5;
const PAYLOAD = 900;

/** What a transaction does follows from its number, so every state that ever existed can be told from any other. */
interface Transaction {
  readonly moves: readonly { readonly from: number; readonly to: number; readonly amount: number }[];
  readonly note: string;
}

function transaction(number: number): Transaction {
  const bytes = createHash('sha512').update(`transaction ${number}`).digest();
  const moves = Array.from({ length: CHANGES_PER_TRANSACTION }, (_, index) => ({
    from: bytes.readUInt32LE(index * 12) % ACCOUNTS,
    to: bytes.readUInt32LE(index * 12 + 4) % ACCOUNTS,
    amount: bytes.readUInt32LE(index * 12 + 8) % 100,
  }));
  return { moves, note: bytes.toString('hex') };
}

/** Accounts, of which each transaction changes some, a journal that it extends, and ballast all over the file. */
export function createLedger(database: DatabaseSync, mode: JournalMode, mebibytes: number): void {
  database.exec(`PRAGMA journal_mode = ${mode}`);
  database.exec(`
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, payload BLOB NOT NULL);
    CREATE TABLE entry (number INTEGER PRIMARY KEY, note TEXT NOT NULL);
    CREATE INDEX entry_note ON entry (note);
    CREATE TABLE ballast (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)`);
  const account = database.prepare('INSERT INTO account VALUES (?, ?, randomblob(?))');
  const ballast = database.prepare('INSERT INTO ballast VALUES (?, randomblob(?))');
  const every = Math.ceil((mebibytes * 1024 * 1024) / ACCOUNTS / (PAYLOAD + 20));
  database.exec('BEGIN');
  for (let id = 0; id < ACCOUNTS; id += 1) {
    account.run(id, PER_ACCOUNT, PAYLOAD);
    for (let row = 0; row < every; row += 1) ballast.run(id * every + row, PAYLOAD);
  }
  database.exec('COMMIT');
  if (mode === 'wal') database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Makes the transaction of this number. */
export function bookkeeper(database: DatabaseSync): (number: number) => void {
  const move = database.prepare('UPDATE account SET balance = balance + ? WHERE id = ?');
  const enter = database.prepare('INSERT INTO entry VALUES (?, ?)');
  const touch = database.prepare('UPDATE ballast SET payload = randomblob(?) WHERE id = ?');
  const { rows } = database.prepare('SELECT count(*) AS rows FROM ballast').get() as { rows: number };
  return (number) => {
    const { moves, note } = transaction(number);
    database.exec('BEGIN IMMEDIATE');
    for (const { from, to, amount } of moves) {
      move.run(-amount, from);
      move.run(amount, to);
      touch.run(PAYLOAD, (from * 7_919 + number) % rows);
    }
    enter.run(number, note);
    database.exec('COMMIT');
  };
}

/** The number of the newest transaction of a database that holds a state that existed; throws for any other. */
export function audit(database: DatabaseSync): number {
  const { integrity_check: answer } = database.prepare('PRAGMA integrity_check').get() as {
    integrity_check: string;
  };
  if (answer !== 'ok') throw new Error(`integrity_check: ${answer.split('\n', 1)[0]}`);
  const entries = database.prepare('SELECT number, note FROM entry ORDER BY number').all() as {
    number: number;
    note: string;
  }[];
  const balances = Array<number>(ACCOUNTS).fill(PER_ACCOUNT);
  for (const [index, { number, note }] of entries.entries()) {
    const expected = transaction(number);
    if (number !== index + 1 || note !== expected.note)
      throw new Error(`transaction ${index + 1} is not there`);
    for (const { from, to, amount } of expected.moves) {
      balances[from] = (balances[from] ?? 0) - amount;
      balances[to] = (balances[to] ?? 0) + amount;
    }
  }
  const accounts = database.prepare('SELECT id, balance FROM account').all() as {
    id: number;
    balance: number;
  }[];
  const wrong = accounts.find(({ id, balance }) => balance !== balances[id]);
  if (wrong || accounts.length !== ACCOUNTS)
    throw new Error(`account ${wrong?.id} is not as transaction ${entries.length} left it`);
  return entries.length;
}
