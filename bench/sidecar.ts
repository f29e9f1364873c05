import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../sidecar/bundle.ts';
import type { PodOptions } from '../test/support/pod.ts';

export type Program = Pick<PodOptions, 'entry' | 'args' | 'env'>;

/** The program as it is in the image: the bundle. */
export async function bundle(): Promise<Program> {
  return await asBundled(fileURLToPath(new URL('../sidecar/dist/main.js', import.meta.url)));
}

/** The same but for its start, which makes no claim and confirms nothing. */
export async function bundleWithoutOrder(directory: string): Promise<Program> {
  const path = join(directory, 'main.js');
  const start = fileURLToPath(new URL('./without-order.ts', import.meta.url));
  await bundleProgram(path, [
    {
      name: 'without order',
      setup: ({ onResolve }) => onResolve({ filter: /\/lineage\/start\.ts$/ }, () => ({ path: start })),
    },
  ]);
  return await asBundled(path);
}

/** Started with the flags and variables of its first line. */
async function asBundled(path: string): Promise<Program> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`${path} is missing: run npm run build.`);
  });
  const words = text.split('\n', 1)[0]?.split(' ').slice(2) ?? [];
  const node = words.indexOf('node');
  const variables = words.slice(0, node).map((word) => word.split('='));
  const [entry = '', ...args] = [...words.slice(node + 1), path];
  // The tests' shorter start of borg is not the users'.
  return { entry, args, env: { ...Object.fromEntries(variables), BORG_SELFTEST: undefined } };
}
