import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FormatSearch } from '../../../sidecar/src/volume/formats.ts';
import { seeAll } from '../../support/pace.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

async function find(paths: readonly string[]) {
  await using volume = await TemporaryDirectory.make();
  for (const path of paths) {
    mkdirSync(join(volume.path, dirname(path)), { recursive: true });
    writeFileSync(join(volume.path, path), path);
  }
  const search = new FormatSearch();
  await seeAll(volume.path, search);
  return search.end();
}

for (const [path, format, directory] of [
  ['pg/PG_VERSION', 'PostgreSQL', 'pg'],
  ['ibdata1', 'MySQL or MariaDB (InnoDB)', ''],
  ['a/WiredTiger.wt', 'MongoDB (WiredTiger)', 'a'],
  ['x y/MANIFEST-000012', 'LevelDB or RocksDB', 'x y'],
  ['influxd.bolt', 'BoltDB', ''],
  ['l/data.mdb', 'LMDB', 'l'],
  ['app.mv.db', 'H2', ''],
  ['persistence/mapdb/storage.mapdb', 'MapDB', 'persistence/mapdb'],
  ['world/region/r.-1.0.mca', 'Minecraft world', 'world/region'],
  ['p/chunks_head/000001', 'Prometheus', 'p'],
] as const) {
  test(`${path} is of ${format}`, async () => {
    const found = await find([path, 'other/notes.txt']);
    assert.deepEqual(
      found.map((one) => [one.format, one.directory]),
      [[format, directory]],
    );
    assert.ok(Math.abs((found[0]?.changedMs ?? 0) - Date.now()) < 60_000, 'changed just now');
  });
}

test('a format is named once for a tree, and ordinary files never', async () => {
  const found = await find([
    'pg/PG_VERSION',
    'pg/base/1/PG_VERSION',
    'pg/base/5/PG_VERSION',
    'CURRENT',
    'a.bolt.txt',
  ]);
  assert.deepEqual(
    found.map(({ directory }) => directory),
    ['pg'],
  );
});
