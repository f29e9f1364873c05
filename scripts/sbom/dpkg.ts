import { existsSync, globSync, readFileSync } from 'node:fs';
import type { Component, Inventory } from './component.ts';
import { type Paragraph, paragraphs } from './deb822.ts';
import { pathResolver } from './files.ts';
import { debianLicense } from './license.ts';

const UNPACKED = '/var/lib/dpkg/status.d';

type Diversion = { to: string; by: string };

/** The Debian packages below `root`, and what they list. A package without a licence is an error. */
export function debianPackages(root: string): Inventory {
  const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
  const release = read('/etc/os-release').match(/^VERSION_ID="?([\d.]+)"?$/m)?.[1];
  const diversions = existsSync(`${root}/var/lib/dpkg/diversions`)
    ? readDiversions(read('/var/lib/dpkg/diversions'))
    : new Map<string, Diversion>();
  const resolve = pathResolver(root);
  const components: Component[] = [];
  const owners = new Map<string, string>();
  for (const status of paragraphs(read('/var/lib/dpkg/status'))) {
    const component = describe(root, status, release);
    components.push(component);
    for (const path of read(listOf(root, status)).split('\n').slice(1)) {
      if (path === '') continue;
      const diversion = diversions.get(path);
      const real = diversion && diversion.by !== component.name ? diversion.to : path;
      owners.set(resolve(real), component.id);
    }
  }
  for (const { component, paths } of unpackedPackages(root, release)) {
    components.push(component);
    for (const path of paths) owners.set(resolve(path), component.id);
  }
  return { components, owners };
}

/** Packages of which the image has only some files: dpkg doesn't know them, what scans images looks here for them. */
function unpackedPackages(
  root: string,
  release: string | undefined,
): { component: Component; paths: string[] }[] {
  return globSync('*.md5sums', { cwd: `${root}${UNPACKED}` })
    .sort()
    .map((sums) => {
      const control = readFileSync(`${root}${UNPACKED}/${sums.replace('.md5sums', '')}`, 'utf8');
      const lines = readFileSync(`${root}${UNPACKED}/${sums}`, 'utf8').trimEnd().split('\n');
      const paths = lines.map((line) => `/${line.replace(/^\w+ +/, '')}`);
      return { component: describe(root, paragraphs(control)[0] ?? new Map(), release), paths };
    });
}

function describe(root: string, status: Paragraph, release: string | undefined): Component {
  const [name, version] = [field(status, 'package'), field(status, 'version')];
  const [source, sourceVersion] = (status.get('source') ?? name).replace(/[()]/g, '').split(' ');
  const copyright = `/usr/share/doc/${name}/copyright`;
  if (!existsSync(`${root}${copyright}`)) {
    throw new Error(
      `The Debian package ${name} has no ${copyright}: an image must hold the licence of each.`,
    );
  }
  const license = debianLicense(readFileSync(`${root}${copyright}`, 'utf8'));
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${field(status, 'architecture')}`;
  return {
    id: `deb/${name}`,
    name,
    version,
    supplier: 'Organization: Debian',
    license: license ?? 'NOASSERTION',
    licenseComments: license ? `Of all of its source: ${copyright}` : `In words only: ${copyright}`,
    purl: `${purl}${release ? `&distro=debian-${release}` : ''}${source === name ? '' : `&upstream=${source}`}`,
    sourceInfo: `built from ${source} ${sourceVersion ?? version}`,
  };
}

/** Of a package that may be there for several architectures, the name has the architecture. */
function listOf(root: string, status: Paragraph): string {
  const name = field(status, 'package');
  const candidates = [name, `${name}:${field(status, 'architecture')}`].map(
    (each) => `/var/lib/dpkg/info/${each}.list`,
  );
  const list = candidates.find((path) => existsSync(`${root}${path}`));
  if (list === undefined)
    throw new Error(`dpkg knows ${name}, but not its files: ${candidates.join(' and ')} are missing.`);
  return list;
}

function field(status: Paragraph, name: string): string {
  const value = status.get(name);
  if (!value) throw new Error(`/var/lib/dpkg/status: ${status.get('package')} has no ${name}.`);
  return value;
}

function readDiversions(text: string): Map<string, Diversion> {
  const lines = text.trimEnd().split('\n');
  const found = new Map<string, Diversion>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [path = '', to = '', by = ''] = lines.slice(at, at + 3);
    found.set(path, { to, by });
  }
  return found;
}
