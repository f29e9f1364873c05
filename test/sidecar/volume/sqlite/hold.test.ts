import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { execa } from 'execa';
import { takeFingerprint } from '../../../../sidecar/src/volume/fingerprint.ts';
import { Hold } from '../../../../sidecar/src/volume/sqlite/hold.ts';
import { findDamage, makeBank, transfer } from '../../../support/bank.ts';
import { FakePace } from '../../../support/pace.ts';
import { TemporaryDirectory } from '../../../support/temporary.ts';
import { until } from '../../../support/until.ts';

/** As borg would: the database first, its `-wal` later. */
function archive(from: string, to: string, name: string, between: () => void): string {
  copyFileSync(join(from, name), join(to, name));
  between();
  copyFileSync(join(from, `${name}-wal`), join(to, `${name}-wal`));
  return join(to, name);
}

function busy(bank: DatabaseSync, from: number): number {
  bank.exec('PRAGMA busy_timeout = 10');
  for (let number = from; number < from + 60; number += 1) {
    transfer(bank, number);
    bank.exec(`PRAGMA wal_checkpoint(${['PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'][number % 4]})`);
  }
  return from + 60;
}

test('what is read of a held database, in any order, is a state that existed; without the hold it is not', async () => {
  await using volume = await TemporaryDirectory.make();
  await using held = await TemporaryDirectory.make();
  await using free = await TemporaryDirectory.make();
  const name = 'a [b] c.db';
  const bank = makeBank(join(volume.path, name), 'wal');
  let number = busy(bank, 1);
  const hold = await Hold.begin(volume.path, [name]);
  assert.deepEqual([[...hold.held], hold.lost], [[name], false]);
  number = busy(bank, number);
  const steady = archive(volume.path, held.path, name, () => {
    number = busy(bank, number);
  });
  await hold.release();
  const torn = archive(volume.path, free.path, name, () => {
    number = busy(bank, number);
    transfer(bank, number);
  });
  bank.close();
  assert.equal(findDamage(steady), undefined);
  assert.notEqual(findDamage(torn), undefined);
});

test('what is no database in WAL mode is not held, and nothing is left beside it', async () => {
  await using volume = await TemporaryDirectory.make();
  makeBank(join(volume.path, 'rollback.db'), 'delete').close();
  writeFileSync(join(volume.path, 'torn.db'), 'SQLite format 3\0'.padEnd(4_096, '\xff'));
  const bank = makeBank(join(volume.path, 'wal.db'), 'wal');
  const before = readdirSync(volume.path).sort();
  const hold = await Hold.begin(volume.path, ['rollback.db', 'torn.db', 'missing.db', 'wal.db']);
  assert.deepEqual([...hold.held], ['wal.db']);
  assert.match(hold.refused.get('rollback.db') ?? '', /journal mode is delete/);
  assert.match(hold.refused.get('torn.db') ?? '', /not a database/);
  assert.ok(hold.refused.has('missing.db'));
  assert.deepEqual(readdirSync(volume.path).sort(), before);
  await hold.release();
  bank.close();
});

test('while it is held a database can be vacuumed, and keeps its journal mode', async () => {
  await using volume = await TemporaryDirectory.make();
  await using copy = await TemporaryDirectory.make();
  const bank = makeBank(join(volume.path, 'x.db'), 'wal');
  const hold = await Hold.begin(volume.path, ['x.db']);
  const steady = archive(volume.path, copy.path, 'x.db', () => {
    bank.exec('PRAGMA busy_timeout = 10; DELETE FROM transfer; VACUUM');
    assert.throws(() => bank.exec('PRAGMA journal_mode = delete'), /locked/);
    transfer(bank, 1);
  });
  await hold.release();
  assert.equal(bank.prepare('PRAGMA journal_mode = delete').get()?.journal_mode, 'delete');
  bank.close();
  assert.equal(findDamage(steady), undefined);
});

test('nothing that a database asks to be computed is', async () => {
  await using volume = await TemporaryDirectory.make();
  const hostile = new DatabaseSync(join(volume.path, 'x.db'));
  hostile.exec(`PRAGMA journal_mode = wal; CREATE TABLE t (x CHECK (length(randomblob(1e9)) > x));
    CREATE VIEW dear AS SELECT randomblob(1e9);`);
  const hold = await Hold.begin(volume.path, ['x.db']);
  assert.equal(hold.held.size, 1);
  await hold.release();
  hostile.close();
});

test('what keeps the process from answering is left out, and the others are held', async () => {
  await using volume = await TemporaryDirectory.make();
  const bank = makeBank(join(volume.path, 'wal.db'), 'wal');
  // Opening a pipe that nobody writes to never ends.
  await execa('mkfifo', [join(volume.path, 'pipe.db')]);
  const hold = await Hold.begin(volume.path, ['wal.db', 'pipe.db'], 1_000);
  assert.deepEqual([...hold.held], ['wal.db']);
  assert.match(hold.refused.get('pipe.db') ?? '', /died, or took too long/);
  await hold.release();
  bank.close();
});

test('a process that dies while it holds is noticed', async () => {
  await using volume = await TemporaryDirectory.make();
  const bank = makeBank(join(volume.path, 'wal.db'), 'wal');
  const hold = await Hold.begin(volume.path, ['wal.db']);
  process.kill(holderOf(join(volume.path, 'wal.db')), 'SIGKILL');
  await until(
    () => hold.lost,
    (lost) => lost,
  );
  await hold.release();
  bank.close();
});

test('a hold leaves a volume, in which nobody writes, as it was', async () => {
  await using volume = await TemporaryDirectory.make();
  const bank = makeBank(join(volume.path, 'wal.db'), 'wal');
  transfer(bank, 1);
  const take = async () => (await takeFingerprint(volume.path, () => false, new FakePace())).digest;
  const before = await take();
  const hold = await Hold.begin(volume.path, ['wal.db']);
  assert.equal(hold.held.size, 1);
  await hold.release();
  assert.equal(await take(), before);
  bank.close();
});

test('nothing is started for nothing', async () => {
  const hold = await Hold.begin('/nowhere', []);
  assert.deepEqual([hold.held.size, hold.lost], [0, false]);
  await hold.release();
});

/** The other process that has a file open. */
function holderOf(path: string): number {
  const owners = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && existsSync(`/proc/${name}/maps`))
    .filter((pid) => isMapped(pid, `${path}-shm`));
  assert.equal(owners.length, 1);
  return Number(owners[0]);
}

function isMapped(pid: string, path: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(path);
  } catch {
    return false;
  }
}
