import { existsSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Limit, milliseconds, within } from './limit.ts';

/**
 * Looks until what it sees is accepted, and returns that. For what sends no event (processes, a server's answer):
 * a log line, a file or a byte count has a wait of its own.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  accept: (seen: T) => boolean,
  limit: Limit = '30s',
): Promise<T> {
  const end = performance.now() + milliseconds(limit);
  for (;;) {
    const seen = await look();
    if (accept(seen)) return seen;
    if (performance.now() > end) {
      throw new Error(`Not within ${limit}: ${accept}\nlast seen: ${inspect(seen, { depth: 5 })}`);
    }
    await pause(10);
  }
}

/** Waits until the file exists. Its directory must exist already. */
export async function untilFile(path: string, limit: Limit = '30s'): Promise<void> {
  await watched(path, limit, () => existsSync(path), 'exists');
}

export async function untilGone(path: string, limit: Limit = '30s'): Promise<void> {
  await watched(path, limit, () => !existsSync(path), 'is gone');
}

async function watched(path: string, limit: Limit, arrived: () => boolean, state: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Watch first, look then: the other way round misses what happens in between.
  const watcher = watch(dirname(path), (_event, name) => {
    if ((name === null || name === basename(path)) && arrived()) resolve();
  });
  watcher.on('error', reject);
  try {
    if (!arrived()) await within(promise, limit, () => `${path} ${state}`);
  } finally {
    watcher.close();
  }
}
