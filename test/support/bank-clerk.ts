import { setTimeout } from 'node:timers/promises';
import { type JournalMode, makeBank, transfer } from './bank.ts';

// Transfers in a bank until it is killed, about 100 times a second, checkpointing in every way.
const [path = '', mode = 'wal'] = process.argv.slice(2);
const bank = makeBank(path, mode as JournalMode);
bank.exec('PRAGMA busy_timeout = 5000');
const checkpoints = ['PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'];
for (let number = 1; ; number += 1) {
  transfer(bank, number);
  if (mode === 'wal' && number % 40 === 0) {
    bank.exec('PRAGMA busy_timeout = 20');
    bank.exec(`PRAGMA wal_checkpoint(${checkpoints[(number / 40) % 4]})`);
    bank.exec('PRAGMA busy_timeout = 5000');
  }
  if (number === 1) {
    process.stdout.write('open\n');
  }
  await setTimeout(5);
}
