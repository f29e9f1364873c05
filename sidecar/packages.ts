import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An npm package of which something is in the bundle; `text` is its licence, word for word. */
export type BundledPackage = { name: string; version: string; license: string; text: string };

/** The name of a licence, in SPDX's own words, and nothing like "SEE LICENSE IN …". */
const EXPRESSION = /^[\w.+()-]+( (AND|OR|WITH) [\w.+()-]+)*$/;

/**
 * The packages that the sources of a bundle, paths as esbuild's metafile has them, come from, sorted. Throws if one has
 * no licence that may be passed on with it: a name in its package.json and a file.
 */
export function bundledPackages(sources: readonly string[]): BundledPackage[] {
  const directories = sources.flatMap(
    (source) => source.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? [],
  );
  const packages = [...new Set(directories)].map(readPackage);
  const byName = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [...byName.keys()].sort().flatMap((key) => byName.get(key) ?? []);
}

/** All licences as one text, for people. */
export function licenseTexts(packages: readonly BundledPackage[]): string {
  return packages.map(({ name, version, text }) => `${name} ${version}\n\n${text.trim()}\n`).join('\n\n');
}

function readPackage(directory: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory)
    .filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file))
    .sort();
  if (typeof license !== 'string' || !EXPRESSION.test(license) || files.length === 0) {
    throw new Error(
      `${name} ${version} is in the bundle, but ${directory} has no licence to pass on (license in package.json: ${JSON.stringify(license)}; files: ${files.join(', ') || 'none'}): use another package.`,
    );
  }
  const text = files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n');
  return { name, version, license, text };
}
