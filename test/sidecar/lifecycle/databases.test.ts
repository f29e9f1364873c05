import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Context } from '../../../sidecar/src/lifecycle/context.ts';
import { Databases } from '../../../sidecar/src/lifecycle/databases.ts';
import { takeFingerprint } from '../../../sidecar/src/volume/fingerprint.ts';
import { makeBank } from '../../support/bank.ts';
import { FakeLifecycle, setClock } from '../../support/lifecycle.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const { signal } = new AbortController();

/** A volume whose databases were all left alone long ago, where the clock is asked. */
async function place(env: Record<string, string> = {}) {
  const volume = await TemporaryDirectory.make();
  const state = await TemporaryDirectory.make();
  const life = new FakeLifecycle({ env: { DATA_DIR: volume.path, STATE_DIR: state.path, ...env } });
  const warned: string[] = [];
  life.context.events.on('warning', ({ name, message }) => warned.push(`${name}: ${message}`));
  const databases = new Databases(life.context);
  return {
    ...{ path: volume.path, databases, warned, context: life.context as Context },
    async look() {
      const { see, end } = databases.search();
      await takeFingerprint(volume.path, life.context.exclude.matches, life.context.world, see);
      end();
    },
    async [Symbol.asyncDispose]() {
      life[Symbol.dispose]();
      await volume[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

test('an open database is held in place, another one copied, and only what is not needed is left out', async () => {
  await using at = await place();
  const open = makeBank(join(at.path, 'open.db'), 'wal');
  makeBank(join(at.path, 'closed.db'), 'persist').close();
  await at.look();
  const prepared = await at.databases.prepare(signal);
  assert.equal(prepared.consistent, true);
  assert.deepEqual(prepared.staged.paths, ['closed.db', 'closed.db-journal']);
  assert.deepEqual([...prepared.exclude].sort(), [
    ...['pf:closed.db', 'pf:closed.db-journal', 'pf:closed.db-shm', 'pf:closed.db-wal', 'pf:open.db-shm'],
  ]);
  assert.deepEqual(prepared.findUnsteady(), []);
  await prepared.release();
  open.close();
});

test('a database that borg reads before anybody knew it makes the archive begin anew, but not for ever', async () => {
  await using at = await place();
  const consistent: boolean[] = [];
  const unsteady: (readonly string[])[] = [];
  for (let tries = 0; tries < 4; tries += 1) {
    await at.look();
    const prepared = await at.databases.prepare(signal);
    writeFileSync(join(at.path, 'notes.txt'), 'no database'.padEnd(600));
    makeBank(join(at.path, `new-${tries}.db`), 'delete').close();
    for (const path of ['notes.txt', 'gone.txt', `new-${tries}.db`]) {
      prepared.onRead(path);
    }
    consistent.push(prepared.consistent);
    unsteady.push(prepared.findUnsteady());
    await prepared.release();
  }
  assert.deepEqual(consistent, [true, true, false, true]);
  assert.deepEqual(unsteady, [['new-0.db'], ['new-1.db'], [], ['new-3.db']]);
});

test('a held database that another file replaces meanwhile makes the archive begin anew', async () => {
  await using at = await place();
  const open = makeBank(join(at.path, 'open.db'), 'wal');
  makeBank(join(at.path, 'other'), 'delete').close();
  await at.look();
  const prepared = await at.databases.prepare(signal);
  renameSync(join(at.path, 'other'), join(at.path, 'open.db'));
  assert.deepEqual(prepared.findUnsteady(), ['open.db']);
  await prepared.release();
  open.close();
});

test('what nobody can make consistent is said, once, and the archive says so', async () => {
  await using at = await place();
  makeBank(Buffer.from(`${at.path}/\xff.db`, 'latin1') as unknown as string, 'delete').close();
  for (let times = 0; times < 2; times += 1) {
    await at.look();
    const prepared = await at.databases.prepare(signal);
    assert.equal(prepared.consistent, false);
    await prepared.release();
  }
  assert.equal(at.warned.length, 1);
  assert.match(at.warned[0] ?? '', /^database\.raw: 1 SQLite databases .*\?\.db \(its name is no UTF-8\)/);
});

test('a database that is made by whoever PRE_BACKUP_URL calls is known', async () => {
  await using at = await place({ PRE_BACKUP_URL: 'http://127.0.0.1:9/' });
  setClock(at.context.world, Date.now(), 1_000);
  await at.look();
  makeBank(join(at.path, 'dump.db'), 'delete').close();
  const prepared = await at.databases.prepare(signal);
  assert.deepEqual(prepared.staged.paths, ['dump.db']);
  await prepared.release();
});

test('a format that is being written to is named once, and not consistent', async () => {
  await using at = await place();
  writeFileSync(join(at.path, 'influxd.bolt'), 'x');
  const settled: boolean[] = [];
  for (const now of [Date.now(), Date.now() + 5_000, Date.now() + 60_000]) {
    Object.assign(at.context.world, { now: () => now });
    await at.look();
    const prepared = await at.databases.prepare(signal);
    settled.push(prepared.consistent);
    await prepared.release();
  }
  assert.deepEqual(settled, [false, false, true]);
  assert.deepEqual(
    at.warned.map((one) => one.split(' ')[0]),
    ['format.fragile:'],
  );
});

test('SQLITE=off looks for nothing and promises nothing', async () => {
  await using at = await place({ SQLITE: 'off' });
  makeBank(join(at.path, 'x.db'), 'delete').close();
  await at.look();
  const { consistent, staged, exclude } = await at.databases.prepare(signal);
  assert.deepEqual([consistent, staged.paths, exclude], [false, [], []]);
});
