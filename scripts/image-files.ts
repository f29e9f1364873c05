import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What differs between the files below two directories but for time stamps: a line for each path, with both sides. */
export function differences(one: string, other: string): string[] {
  const [a, b] = [fileFacts(one), fileFacts(other)];
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  return paths
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => `${path}: ${a.get(path) ?? 'missing'} | ${b.get(path) ?? 'missing'}`);
}

/** Type and mode, owner, and what is in it, of each path below a directory, itself but for its name included. */
function fileFacts(root: string): Map<string, string> {
  const facts = new Map<string, string>();
  const visit = (path: string): void => {
    const real = join(root, path);
    const { mode, uid, gid } = lstatSync(real);
    facts.set(path, `${mode.toString(8)} ${uid}:${gid} ${contentOf(real)}`);
    if (lstatSync(real).isDirectory()) for (const name of readdirSync(real)) visit(join(path, name));
  };
  visit('/');
  return facts;
}

function contentOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  return stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}
