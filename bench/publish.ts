import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceGenerated } from '../scripts/generated.ts';
import { repositoryRoot } from '../test/support/paths.ts';
import { markdown } from './markdown.ts';
import type { Record } from './record.ts';

const PAGE = 'docs/performance.md';

/** Puts a record between its marks. A quick run is too short to be shown. */
export async function publish(record: Record): Promise<string | undefined> {
  if (record.level === 'quick') return undefined;
  const path = join(repositoryRoot, PAGE);
  const name = record.level === 'soak' ? 'soak' : 'performance';
  await writeFile(path, replaceGenerated(await readFile(path, 'utf8'), name, markdown(record)));
  return PAGE;
}
