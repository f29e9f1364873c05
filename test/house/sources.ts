import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A source file: where it is, seen from the root of the repository, and what it says. */
export type Source = { path: string; text: string };

const root = join(import.meta.dirname, '..', '..');

const known = new Map<string, Source>();

export function read(path: string): Source {
  const source = known.get(path) ?? { path, text: readFileSync(join(root, path), 'utf8') };
  known.set(path, source);
  return source;
}

/** The TypeScript sources at or below these paths: our own, neither installed nor built. */
export function sources(...paths: string[]): Source[] {
  const patterns = paths.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.ts`));
  return globSync(patterns, { cwd: root, exclude: ['**/node_modules', '**/dist', '**/*.d.ts'] })
    .sort()
    .map(read);
}
