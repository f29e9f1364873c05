import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { BytePath } from '../path.ts';
import { toBytes } from '../path.ts';

// The first 16 bytes of each database: https://sqlite.org/fileformat.html, 1.3.1. An encrypted one has others.
const MAGIC = Buffer.from('SQLite format 3\0');
// A page, and so a database, has at least this many bytes.
export const LEAST_BYTES = 512n;

/**
 * Whether a regular file is a SQLite database. One that can't be read is none: what can't be read is told elsewhere.
 * Never for a process that has the file open as a database: closing a file gives up all its locks on it.
 */
export function isDatabase(path: BytePath): boolean {
  let file: number | undefined;
  try {
    file = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const head = Buffer.alloc(MAGIC.length);
    return readSync(file, head) === MAGIC.length && head.equals(MAGIC);
  } catch {
    return false;
  } finally {
    if (file !== undefined) {
      closeSync(file);
    }
  }
}

/** What lies beside a database and is a part of it. */
export const COMPANIONS = ['-wal', '-journal'] as const;

/** What only those need that have the database open: made anew by the first who opens it. */
export const SHARED_MEMORY = '-shm';
