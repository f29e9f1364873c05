import { existsSync, globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Component, Inventory } from './component.ts';
import { paragraphs } from './deb822.ts';

/** The Python packages in one directory of the image, as their dist-info describes them, and what their RECORDs list. */
export function pythonPackages(root: string, directory: string): Inventory {
  const components: Component[] = [];
  const owners = new Map<string, string>();
  for (const info of globSync('*.dist-info', { cwd: `${root}${directory}` }).sort()) {
    const at = posix.join(directory, info);
    const metadata = paragraphs(readFileSync(`${root}${at}/METADATA`, 'utf8'))[0];
    const [name, version] = [metadata?.get('name'), metadata?.get('version')];
    if (!name || !version) throw new Error(`${at}/METADATA has no Name and Version.`);
    if (!existsSync(`${root}${at}/licenses`))
      throw new Error(`${at}/licenses is missing: an image must hold the licence of each package.`);
    const id = `pypi/${name}`;
    components.push({
      id,
      name,
      version,
      supplier: 'NOASSERTION',
      license: metadata?.get('license-expression') ?? 'NOASSERTION',
      licenseComments: `${at}/licenses`,
      purl: `pkg:pypi/${name.toLowerCase()}@${version}`,
    });
    for (const line of readFileSync(`${root}${at}/RECORD`, 'utf8').split('\n')) {
      // path,hash,size; a path with a comma is in quotes, and none of these has one.
      const path = line.split(',')[0];
      // Commands are listed where a virtual environment would have them, ../../bin/borg, and lie in bin/ here.
      if (path) owners.set(posix.join(directory, path.replace(/^(\.\.\/)+/, '')), id);
    }
  }
  return { components, owners };
}
