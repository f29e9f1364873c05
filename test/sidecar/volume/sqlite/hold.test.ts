import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
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

test('a process that dies is noticed, and one that has to die of a database begins anew without it', async () => {
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
