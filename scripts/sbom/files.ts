import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';

/** A regular file, or a symlink, for which `link` is what it points at and `sha1` that text's. */
export type Entry = { path: string; sha1: string; link?: string };

/**
 * What a container runtime lays its own over, in a container and while an image is built: what the image has there is
 * never seen.
 */
const RUNTIME = new Set([
  ...['/dev', '/proc', '/sys', '/.dockerenv', '/run/.containerenv'],
  ...['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'],
]);

/** All files and symlinks below `root`, which stands for `/`, but what `without` and the runtime hide; sorted. */
export function listFiles(root: string, without: readonly string[] = []): Entry[] {
  const hidden = new Set([...RUNTIME, ...without]);
  const entries: Entry[] = [];
  const walk = (directory: string): void => {
    for (const each of readdirSync(`${root}${directory}`, { withFileTypes: true })) {
      const path = posix.join('/', directory, each.name);
      if (hidden.has(path)) continue;
      if (each.isDirectory()) walk(path);
      else if (each.isSymbolicLink()) {
        const link = readlinkSync(`${root}${path}`);
        entries.push({ path, sha1: sha1(link), link });
      } else if (each.isFile()) entries.push({ path, sha1: sha1(readFileSync(`${root}${path}`)) });
      else throw new Error(`${path} is neither file, directory nor symlink: an image has no use for it.`);
    }
  };
  walk('/');
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function sha1(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex');
}

/** Tells where a path really lies, symlinks among its directories followed below `root`, its last part not. */
export function pathResolver(root: string): (path: string) => string {
  const known = new Map([['/', '/']]);
  const resolveDirectory = (path: string): string => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const real = resolve(path);
    const link = readLink(`${root}${real}`);
    const answer = link === undefined ? real : resolveDirectory(posix.resolve(posix.dirname(real), link));
    known.set(path, answer);
    return answer;
  };
  const resolve = (path: string) => posix.join(resolveDirectory(posix.dirname(path)), posix.basename(path));
  return resolve;
}

function readLink(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
}
