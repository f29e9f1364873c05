import { readFileSync } from 'node:fs';
import { attribute } from './attribute.ts';
import type { Component, Inventory } from './component.ts';
import { type Part, spdxDocument } from './document.ts';
import { debianPackages } from './dpkg.ts';
import { listFiles } from './files.ts';
import { pythonPackages } from './python.ts';

/** Where the document lies in the image, which it therefore can't list. */
const OWN_PATH = '/usr/share/doc/borg-volume-sync/sbom.spdx.json';
const PROGRAM = 'borg-volume-sync';

type Inputs = {
  /** The program's. */
  version: string;
  /** Seconds since 1970. */
  created: number;
  /** Directories that are not the image's. */
  without: readonly string[];
  /** The npm packages that are in the program. */
  bundled: readonly { name: string; version: string; license: string }[];
  /** The files of the base image. */
  base: readonly string[];
  /** Node's version and those of its parts. */
  node: Readonly<Record<string, string | undefined>>;
};

/**
 * The SPDX document of the image whose files lie below `root`. Each file and symlink belongs to one of its packages, or
 * it throws Unattributed.
 */
export function imageSbom(root: string, inputs: Inputs): object {
  const debian = debianPackages(root);
  const python = pythonPackages(root, '/opt/borg');
  const own = [baseImage(root), program(inputs.version), ...nodeAndParts(inputs.node)];
  const bundled = inputs.bundled.map(npmPackage);
  const components = [...own, ...python.components, ...debian.components];
  const inventory: Inventory = { components, owners: new Map([...debian.owners, ...python.owners]) };
  const entries = listFiles(root, [...inputs.without, OWN_PATH]);
  const files = attribute(root, entries, inventory, inputs.base);
  const parts: Part[] = [...components, ...bundled].map((component) => ({
    component,
    files: files.get(component.id) ?? [],
    ...builtInto(component),
  }));
  return spdxDocument(
    { name: PROGRAM, version: inputs.version, license: 'NOASSERTION' },
    parts,
    inputs.created,
    `All files and symlinks of the image but this one (${OWN_PATH}) and what container runtimes lay over it: /dev, /proc, /sys, /etc/hostname, /etc/hosts, /etc/resolv.conf. A symlink's SHA1 is that of its target's name.`,
  );
}

function builtInto({ id }: Component): { builtInto?: string } {
  if (id.startsWith('npm/')) return { builtInto: PROGRAM };
  return id.startsWith('node/') ? { builtInto: 'node' } : {};
}

function baseImage(root: string): Component {
  return {
    id: 'base',
    name: 'base-image',
    version: readFileSync(`${root}/etc/debian_version`, 'utf8').trim(),
    supplier: 'NOASSERTION',
    license: 'NOASSERTION',
    licenseComments: 'Configuration that the base image was made with; its packages have their own.',
  };
}

function program(version: string): Component {
  return {
    id: PROGRAM,
    name: PROGRAM,
    version,
    supplier: 'NOASSERTION',
    license: 'Apache-2.0',
    licenseComments: '/usr/share/doc/borg-volume-sync/copyright',
    purl: `pkg:generic/${PROGRAM}@${version}`,
  };
}

function npmPackage({ name, version, license }: Inputs['bundled'][number]): Component {
  return {
    id: `npm/${name}@${version}`,
    name,
    version,
    supplier: 'NOASSERTION',
    license,
    licenseComments: '/usr/share/doc/borg-volume-sync/licenses/npm',
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
  };
}

/** Node's parts have no files of their own; `modules` and `napi` are numbers of interfaces. */
function nodeAndParts({ node = '', modules: _, napi: __, ...parts }: Inputs['node']): Component[] {
  const licenseComments = '/usr/share/doc/borg-volume-sync/licenses/node';
  const part = (id: string, name: string, version: string, license: string): Component => ({
    ...{ id, name, version, supplier: 'NOASSERTION', license, licenseComments },
    purl: `pkg:generic/${name}@${encodeURIComponent(version)}`,
  });
  const names = Object.keys(parts).sort();
  return [
    part('node', 'node', node, 'MIT'),
    ...names.map((name) => part(`node/${name}`, name, parts[name] ?? '', 'NOASSERTION')),
  ];
}
