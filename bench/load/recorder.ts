import type { DatabaseSync } from 'node:sqlite';

const SENSORS = 300;
const MIB = 1024 * 1024;
const ROWS_AT_ONCE = 50_000;

/** A history of states in the manner of Home Assistant's recorder: rows that are only ever appended, and their indexes. */
export function createRecorder(database: DatabaseSync, mebibytes: number): void {
  database.exec('PRAGMA journal_mode = wal');
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec(`
    CREATE TABLE states (
      state_id INTEGER PRIMARY KEY, metadata_id INTEGER NOT NULL, state TEXT, last_updated_ts FLOAT,
      old_state_id INTEGER, attributes_id INTEGER, context_id_bin BLOB, origin_idx INTEGER);
    CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
    CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts)`);
  const record = recorder(database);
  while (bytesOf(database) < mebibytes * MIB) record(ROWS_AT_ONCE);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Appends so many rows in one transaction. */
export function recorder(database: DatabaseSync): (rows: number) => void {
  const insert = database.prepare('INSERT INTO states VALUES (?, ?, ?, ?, ?, ?, randomblob(16), 0)');
  const newest = database.prepare('SELECT max(state_id) AS id FROM states').get() as { id: number | null };
  let id = newest.id ?? 0;
  return (rows) => {
    database.exec('BEGIN IMMEDIATE');
    for (let row = 0; row < rows; row += 1) {
      id += 1;
      const sensor = (id * 7_919) % SENSORS;
      const state = (20 + Math.sin(id / 1_000) * 5 + (id % 97) / 100).toFixed(2);
      insert.run(id, sensor, state, 1_700_000_000 + id / 12, id - SENSORS, sensor);
    }
    database.exec('COMMIT');
  };
}

/** The number of rows, if none is missing and integrity_check passes; throws otherwise. */
export function auditRecorder(database: DatabaseSync): number {
  const { integrity_check: answer } = database.prepare('PRAGMA integrity_check').get() as {
    integrity_check: string;
  };
  if (answer !== 'ok') throw new Error(`integrity_check: ${answer.split('\n', 1)[0]}`);
  const { rows, newest } = database
    .prepare('SELECT count(*) AS rows, max(state_id) AS newest FROM states')
    .get() as {
    rows: number;
    newest: number;
  };
  if (rows !== newest) throw new Error(`${newest - rows} rows are missing`);
  return rows;
}

function bytesOf(database: DatabaseSync): number {
  const read = (pragma: string) =>
    Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] as number;
  return read('page_count') * read('page_size');
}
