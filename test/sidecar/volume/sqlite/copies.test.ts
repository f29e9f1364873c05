import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Copies, type CopyClock, removeCopies } from '../../../../sidecar/src/volume/sqlite/copies.ts';
import { findDamage, makeBank, startTransfers, transfer } from '../../../support/bank.ts';
import { TemporaryDirectory } from '../../../support/temporary.ts';
import { Tmpfs } from '../../../support/tmpfs.ts';

const { signal } = new AbortController();
// Everything was changed long ago.
const LATER: CopyClock = { now: () => Date.now() + 60_000, wait: () => Promise.reject(new Error('waited')) };

async function place(clock: CopyClock = LATER) {
  const volume = await TemporaryDirectory.make();
  const state = await TemporaryDirectory.make();
  const copies = new Copies(join(state.path, 'databases'), volume.path, clock);
  return {
    ...{ volume: volume.path, state: state.path, copies },
    async [Symbol.asyncDispose]() {
      await volume[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

test('a database that is left alone is copied with its journal, owner, mode and times, and once', async () => {
  await using at = await place();
  await mkdir(join(at.volume, 'a [b]'));
  const original = join(at.volume, 'a [b]', 'x.db');
  makeBank(original, 'persist').close();
  await chmod(original, 0o640);
  await chown(original, 1005, 1006);
  await utimes(original, 1_700_000_000.123, 1_700_000_000.456);
  assert.equal(await at.copies.bring('a [b]/x.db', false, signal), undefined);
  assert.deepEqual(at.copies.files, ['a [b]/x.db', 'a [b]/x.db-journal']);
  const copy = join(at.copies.directory, 'a [b]/x.db');
  const shown = (path: string) => {
    const { uid, gid, mode, mtimeNs, size } = lstatSync(path, { bigint: true });
    return { uid, gid, mode, mtimeNs, size };
  };
  assert.deepEqual(shown(copy), shown(original));
  const { ctimeNs } = lstatSync(copy, { bigint: true });
  await at.copies.bring('a [b]/x.db', false, signal);
  assert.equal(lstatSync(copy, { bigint: true }).ctimeNs, ctimeNs, 'it was copied again');
  await chmod(original, 0o600);
  await at.copies.bring('a [b]/x.db', false, signal);
  assert.notEqual(lstatSync(copy, { bigint: true }).ctimeNs, ctimeNs, 'it was not copied again');
  assert.deepEqual(shown(copy), shown(original));
  assert.deepEqual(readdirSync(at.state), ['databases']);
});

test('a change is waited out until it is a second old', async () => {
  let waited = 0;
  let now = Date.now();
  const wait = async (milliseconds: number) => {
    waited += milliseconds;
    now += milliseconds;
  };
  await using at = await place({ now: () => now, wait });
  makeBank(join(at.volume, 'x.db'), 'delete').close();
  now = Date.now();
  assert.equal(await at.copies.bring('x.db', false, signal), undefined);
  assert.ok(waited > 500 && waited <= 1_001, String(waited));
});

test('one that is written to all the time is copied by SQLite, in one state, without its journal', async () => {
  let bank: DatabaseSync | undefined;
  let number = 0;
  const wait = async () => {
    number += 1;
    transfer(bank as DatabaseSync, number);
  };
  await using at = await place({ now: () => Date.now(), wait });
  bank = makeBank(join(at.volume, 'x.db'), 'persist');
  assert.equal(await at.copies.bring('x.db', false, signal), undefined);
  assert.deepEqual([number, at.copies.files], [3, ['x.db']]);
  assert.equal(findDamage(join(at.copies.directory, 'x.db')), undefined);
  bank.close();
});

test('one whose companions are not archived is copied so that it needs none', async () => {
  await using at = await place();
  const bank = makeBank(join(at.volume, 'x.db'), 'wal');
  transfer(bank, 1);
  assert.equal(await at.copies.bring('x.db', true, signal), undefined);
  assert.deepEqual(at.copies.files, ['x.db']);
  bank.close();
  assert.equal(findDamage(join(at.copies.directory, 'x.db')), undefined);
});

for (const mode of ['delete', 'truncate', 'persist', 'wal'] as const) {
  test(`one whose application was killed is copied with what its next start needs: ${mode}`, async () => {
    await using at = await place();
    {
      await using _clerk = await startTransfers(join(at.volume, 'x.db'), mode);
    }
    assert.equal(await at.copies.bring('x.db', false, signal), undefined);
    assert.equal(findDamage(join(at.copies.directory, 'x.db')), undefined);
  });
}

test('a corrupt one is copied as it is while it is left alone, and is told where it is not', async () => {
  await using still = await place();
  const torn = 'SQLite format 3\0'.padEnd(4_096, '\xff');
  writeFileSync(join(still.volume, 'x.db'), torn);
  assert.equal(await still.copies.bring('x.db', false, signal), undefined);
  let times = 0;
  await using busy = await place({
    now: () => Date.now(),
    async wait() {
      times += 1;
      writeFileSync(join(busy.volume, 'x.db'), `${torn}${times}`);
    },
  });
  writeFileSync(join(busy.volume, 'x.db'), torn);
  assert.match(String(await busy.copies.bring('x.db', false, signal)), /could not be opened/);
  assert.deepEqual(busy.copies.files, []);
});

test('what has vanished, or has a name that no command line can say, is told', async () => {
  await using at = await place();
  assert.match(String(await at.copies.bring('missing.db', false, signal)), /ENOENT/);
  assert.match(String(await at.copies.bring('\xff.db', false, signal)), /UTF-8/);
});

test('no copy takes the last space', async () => {
  await using volume = await TemporaryDirectory.make();
  await using base = await TemporaryDirectory.make();
  await using state = await Tmpfs.mount(join(base.path, 'state'), '16m');
  makeBank(join(volume.path, 'x.db'), 'delete').close();
  const copies = new Copies(join(state.path, 'databases'), volume.path, LATER);
  assert.match(String(await copies.bring('x.db', false, signal)), /no space/);
});

test('copies that nobody needs are removed, and those of a killed container', async () => {
  await using at = await place();
  for (const name of ['x.db', 'y.db']) {
    makeBank(join(at.volume, name), 'delete').close();
    await at.copies.bring(name, false, signal);
  }
  await at.copies.keepOnly(new Set(['y.db']));
  assert.deepEqual(readdirSync(at.copies.directory), ['y.db']);
  await mkdir(join(at.state, 'copying-xyz'));
  await removeCopies(at.copies.directory);
  assert.deepEqual(readdirSync(at.state), []);
  assert.equal(existsSync(at.state), true);
});

test('the end of the save ends a copy', async () => {
  await using at = await place();
  makeBank(join(at.volume, 'x.db'), 'delete').close();
  const ended = AbortSignal.abort(new Error('over'));
  await assert.rejects(at.copies.bring('x.db', false, ended), /over/);
});
