import { posix } from 'node:path';
import type { Inventory } from './component.ts';
import { type Entry, pathResolver } from './files.ts';

/** Files that belong to nothing that is known. */
class Unattributed extends Error {
  constructor(paths: readonly string[]) {
    const shown = paths.slice(0, 10).map((path) => `  ${path}`);
    const more = paths.length > shown.length ? [`  and ${paths.length - shown.length} more`] : [];
    super(
      [
        `${paths.length} files of the image belong to no part of the SBOM:`,
        ...[...shown, ...more],
        'Delete them in the Dockerfile, or say in scripts/sbom/attribute.ts whose they are.',
      ].join('\n'),
    );
  }
}

/**
 * What packages make while they are installed, and what the Dockerfile copies, which no package lists: the whole path, or with a slash at its end all
 * below.
 */
const MADE: Readonly<Record<string, string>> = {
  '/etc/alternatives/': 'deb/dpkg',
  '/etc/group': 'deb/base-passwd',
  '/etc/gshadow': 'deb/base-passwd',
  '/etc/hosts.allow': 'deb/libwrap0',
  '/etc/hosts.deny': 'deb/libwrap0',
  '/etc/inputrc': 'deb/readline-common',
  '/etc/ld.so.cache': 'deb/libc-bin',
  '/etc/networks': 'deb/netbase',
  '/etc/python3/debian_config': 'deb/python3-minimal',
  '/opt/borg-volume-sync/': 'borg-volume-sync',
  '/usr/local/bin/node': 'node',
  '/usr/share/doc/borg-volume-sync/': 'borg-volume-sync',
  '/usr/share/doc/borg-volume-sync/licenses/node': 'node',
  '/var/cache/debconf/': 'deb/debconf',
  '/var/lib/apt/': 'deb/apt',
  '/var/lib/dpkg/': 'deb/dpkg',
  '/var/lib/python/': 'deb/python3.13',
  '/var/lib/systemd/': 'deb/init-system-helpers',
};

/**
 * The files of each component, by its id. Throws Unattributed unless each belongs to one.
 *
 * A package's own list comes first. Else what Python compiled belongs to its source's package, a symlink where its target
 * belongs, what installation made to its maker, and the rest of what the base image brought to `base`.
 */
export function attribute(
  root: string,
  entries: readonly Entry[],
  { components, owners }: Inventory,
  base: readonly string[],
): Map<string, Entry[]> {
  const resolve = pathResolver(root);
  const links = new Map(entries.map(({ path, link }) => [path, link]));
  const ofBase = new Set(base);
  const known = new Set(components.map(({ id }) => id));
  const ownerOf = (path: string, hops = 10): string | undefined =>
    owners.get(path) ??
    owners.get(sourceOf(path)) ??
    targetOwner(path, hops) ??
    makerOf(path) ??
    (ofBase.has(path) ? 'base' : undefined);
  const targetOwner = (path: string, hops: number): string | undefined => {
    const link = links.get(path);
    return link === undefined || hops === 0
      ? undefined
      : ownerOf(resolve(posix.resolve(posix.dirname(path), link)), hops - 1);
  };

  const parts = new Map<string, Entry[]>();
  const strays: string[] = [];
  for (const entry of entries) {
    const owner = ownerOf(entry.path);
    const files = owner === undefined || !known.has(owner) ? undefined : (parts.get(owner) ?? []);
    if (owner === undefined || files === undefined) strays.push(entry.path);
    else parts.set(owner, files);
    files?.push(entry);
  }
  if (strays.length > 0) throw new Unattributed(strays);
  return parts;
}

/** The Python source of what was compiled from it. */
function sourceOf(path: string): string {
  return path.replace(/\/__pycache__\/([^/]+)\.cpython-\d+\.pyc$/, '/$1.py');
}

function makerOf(path: string): string | undefined {
  for (let at = path; at !== '/'; at = `${posix.dirname(at.replace(/\/$/, '')).replace(/\/$/, '')}/`) {
    if (MADE[at] !== undefined) return MADE[at];
  }
  return undefined;
}
