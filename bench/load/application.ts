/** The application: a process that has its database open and writes at a steady pace, as `Writer` of `writer.ts` tells it. */
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { bookkeeper } from './ledger.ts';
import { recorder } from './recorder.ts';
import type { Load } from './writer.ts';

const [load] = (await once(process, 'message')) as [Load];
const { file, kind, everyMs, rows } = load;
// As most applications: wait for a reader or a backup instead of failing.
const database = new DatabaseSync(file, { timeout: 10_000 });
const isWal =
  (database.prepare('PRAGMA journal_mode').get() as { journal_mode: string }).journal_mode === 'wal';
// Five times as often as SQLite's default: what a copy made meanwhile gets wrong, it gets wrong sooner.
if (kind === 'ledger') database.exec('PRAGMA wal_autocheckpoint = 200');
database.exec(`PRAGMA synchronous = ${isWal ? 'NORMAL' : 'FULL'}`);
const write = kind === 'recorder' ? recorder(database) : bookkeeper(database);

let number = newestEntry();
let tookMs: number[] = [];
let next = performance.now();

function step(): void {
  const began = performance.now();
  number += 1;
  write(kind === 'recorder' ? rows : number);
  tookMs.push(performance.now() - began);
  // One that took longer than its turn is not made up for.
  next = Math.max(next + everyMs, performance.now());
  timer = setTimeout(step, Math.max(0, next - performance.now()));
}

let timer = setTimeout(step, 0);

// The answer also says that everything up to this number is committed.
process.on('message', () => {
  process.send?.({ number, tookMs });
  tookMs = [];
});
process.on('disconnect', () => {
  clearTimeout(timer);
  database.close();
});

function newestEntry(): number {
  if (kind === 'recorder') return 0;
  return (
    database.prepare('SELECT coalesce(max(number), 0) AS number FROM entry').get() as { number: number }
  ).number;
}
