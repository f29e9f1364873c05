import { createInterface } from 'node:readline';
import { backup, DatabaseSync } from 'node:sqlite';

// The only program that opens databases: in a process of its own, since what they hold comes from outside, and since
// closing any file of a database gives up all locks that the process has on it. It evaluates nothing of theirs.

const MOST_HEAP_BYTES = 64 * 1024 * 1024;
const BUSY_MS = 1_000;
const ALL_PAGES_IN_ONE_STEP = 2_147_483_647;

const [task, from = '', to = ''] = process.argv.slice(2);
if (task === 'backup') {
  await copy(from, to);
} else {
  await holdEach();
}

/** One state of a database, whoever writes meanwhile. */
async function copy(from: string, to: string): Promise<void> {
  const database = open(Buffer.from(from));
  await backup(database, to, { rate: ALL_PAGES_IN_ONE_STEP });
  database.close();
}

/** Begins a read transaction on each database that a line of the input names; all end with the process. */
async function holdEach(): Promise<void> {
  const held: DatabaseSync[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    let answer = 'held';
    try {
      held.push(hold(Buffer.from(JSON.parse(line) as string, 'latin1')));
    } catch (error) {
      answer = (error as Error).message;
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

function hold(path: Buffer): DatabaseSync {
  const database = open(path);
  try {
    // Reads the first page and no schema, whose text could be made to cost anything.
    database.exec('BEGIN; PRAGMA user_version');
    const mode = database.prepare('PRAGMA journal_mode').get()?.journal_mode;
    if (mode !== 'wal') {
      throw new Error(`its journal mode is ${mode}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function open(path: Buffer): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  database.exec(`PRAGMA hard_heap_limit = ${MOST_HEAP_BYTES}`);
  return database;
}
