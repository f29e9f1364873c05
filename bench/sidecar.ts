import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PodOptions } from '../test/support/pod.ts';

/** The program as it is in the image: the bundle, started with the flags and variables of its first line. */
export async function bundle(): Promise<Pick<PodOptions, 'entry' | 'args' | 'env'>> {
  const path = fileURLToPath(new URL('../sidecar/dist/main.js', import.meta.url));
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
