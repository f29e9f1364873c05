import assert from 'node:assert/strict';
import { dirname, posix } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { type Source, sources } from './sources.ts';
import { at, type Import, imports, nodes, target } from './syntax.ts';

/**
 * What each floor of sidecar/src may import, besides itself. What two floors share belongs below both.
 * `package` is package.json, for the version.
 */
const floors: Record<string, readonly string[]> = {
  main: ['commands', 'settings', 'log', 'package'],
  commands: ['lifecycle', 'lineage', 'volume', 'borg', 'ssh', 'sshd', 'server', 'settings', 'log'],
  lifecycle: ['lineage', 'volume', 'borg', 'ssh', 'server', 'settings', 'log'],
  borg: ['ssh', 'settings', 'log', 'tied'],
  volume: ['settings', 'log', 'tied'],
  server: ['settings', 'log'],
  ssh: ['settings', 'log', 'tied'],
  sshd: ['ssh', 'settings', 'log', 'tied'],
  log: ['settings'],
  settings: [],
  tied: [],
  lineage: [],
};

/** The floor that decides only: the same facts give the same answer, so that its tests can play any history. */
const PURE = 'sidecar/src/lineage';
const IMPURE = new Set([
  ...['Date', 'performance', 'process', 'crypto', 'globalThis', 'fetch', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
]);

/** npm packages that know nothing of one another. */
const packages = [
  { directory: 'constructs/', name: 'cdk8s-borg-volume-sync' },
  { directory: 'sidecar/', name: 'borg-volume-sync-sidecar' },
];

function wrongFloors(files: Source[]): string[] {
  return files.flatMap((source) => {
    const floor = floorOf(source.path);
    const allowed = floors[floor];
    if (!allowed)
      return [`${source.path}: "${floor}" is no floor: put it into one, or into the table of this test`];
    return imports(source).flatMap((each) => {
      const below = floorOf(posix.join(dirname(source.path), each.specifier));
      if (!each.specifier.startsWith('.') || below === floor || allowed.includes(below)) return [];
      const may = allowed.length === 0 ? 'nothing outside itself' : allowed.join(', ');
      return [
        `${at(each.node)}: ${floor}/ imports ${below}/, it may import ${may}: move what is shared down, or pass it in`,
      ];
    });
  });
}

function floorOf(path: string): string {
  return path.replace(/^sidecar\/(?:src\/)?/, '').replace(/[/.].*$/, '');
}

function impurities(files: Source[]): string[] {
  return files.flatMap((source) => {
    const modules = imports(source).filter(({ specifier }) => !specifier.startsWith('.'));
    const named = nodes(source).filter(isImpure);
    return [
      ...modules.map(
        ({ node, specifier }) => `${at(node)}: ${PURE} imports ${specifier}: let the caller do it`,
      ),
      ...named.map((node) => `${at(node)}: ${PURE} names ${node.getText()}: take times and ids as arguments`),
    ];
  });
}

function isImpure(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.getText() === 'Math.random';
  if (!ts.isIdentifier(node) || !IMPURE.has(node.text)) return false;
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  const isKey = (ts.isPropertySignature(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
  return !isMember && !isKey;
}

function strangers(files: Source[]): string[] {
  return files.flatMap((source) => {
    const other = packages.find(({ directory }) => !source.path.startsWith(directory));
    assert.ok(other, source.path);
    const reaches = ({ from, specifier }: Import) =>
      specifier.startsWith('.')
        ? posix.join(dirname(from), specifier).startsWith(other.directory)
        : specifier === other.name || specifier.startsWith(`${other.name}/`);
    return imports(source)
      .filter(reaches)
      .map(({ node }) => `${at(node)}: imports ${other.directory}: the two share settings as text, not code`);
  });
}

function cycles(files: Source[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const edges = new Map<string, { to: string; where: string }[]>(
    files.map((source) => [
      source.path,
      imports(source)
        .filter(({ typeOnly }) => !typeOnly)
        .map((each) => ({ to: target(each, paths) ?? '', where: at(each.node) })),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (done.has(path)) return;
    for (const { to, where } of edges.get(path) ?? []) {
      const start = [...trail, path].indexOf(to);
      const circle = [...trail, path].slice(start);
      if (start < 0) visit(to, [...trail, path]);
      else found.push(`${where}: ${[...circle, to].join(' → ')}: move what both need into a file of its own`);
    }
    done.add(path);
  };
  for (const path of paths) visit(path, []);
  return found;
}

const none: string[] = [];

test('imports in sidecar/src point down the floors', () => {
  assert.deepEqual(wrongFloors(sources('sidecar/src')), none);
  const found = new Set(sources('sidecar/src').map(({ path }) => floorOf(path)));
  assert.deepEqual(
    Object.keys(floors).filter((floor) => !found.has(floor)),
    none,
    'floors of the table without a file: drop them',
  );
});

test('lineage/ knows no module outside itself, no clock, no chance and no process', () => {
  assert.deepEqual(impurities(sources(PURE)), none);
});

test('constructs/ and sidecar/ import nothing of one another', () => {
  assert.deepEqual(strangers(sources('constructs/src', 'sidecar/src')), none);
});

test('no file imports itself through others', () => {
  const trees = [
    'main.ts',
    'sidecar/src',
    'constructs/src',
    'charts',
    'test',
    'scripts',
    'bench',
    'examples',
  ];
  assert.deepEqual(cycles(sources(...trees)), none);
});

test('the checks see what they are for', () => {
  const file = (path: string, text: string): Source => ({ path: `sidecar/src/${path}`, text });
  const up = wrongFloors([
    file('borg/a.ts', "import type { Head } from '../lineage/head.ts';\nexport * from '../ssh/identity.ts';"),
    file(
      'volume/b.ts',
      "\nconst { run } = await import('../borg/command.ts');\nlet x: import('../server/x.ts').X;",
    ),
    file('settings/c.ts', "import '../settings.ts';\nimport { log } from '../log.ts';"),
    file('lineage/d.ts', "import { kinds } from '../settings/kinds.ts';"),
    file('helpers/e.ts', ''),
  ]);
  assert.deepEqual(
    up.map((line) => line.split(': ')[0]),
    [
      ...['sidecar/src/borg/a.ts:1', 'sidecar/src/volume/b.ts:2', 'sidecar/src/volume/b.ts:3'],
      ...['sidecar/src/settings/c.ts:2', 'sidecar/src/lineage/d.ts:1', 'sidecar/src/helpers/e.ts'],
    ],
  );

  const impure =
    'import "node:fs";\nnew Date(0);\nMath.random();\nx.process;\nprocess.pid;\nlet d: Date;\nMath.max(1);';
  const lines = impurities([file('lineage/a.ts', impure)]).map((line) => line.split(':')[1]);
  assert.deepEqual(lines, ['1', '2', '3', '5', '6']);

  assert.equal(
    strangers([file('a.ts', "import '../../constructs/src/index.ts';\nimport 'constructs';")]).length,
    1,
  );
  assert.equal(strangers([file('a.ts', "import 'cdk8s-borg-volume-sync';")]).length, 1);

  const circle = [
    file('a.ts', "import { b } from './b.ts';"),
    file('b.ts', "import { c } from './c.ts';"),
    file('c.ts', "import { b } from './b.ts';\nimport type { a } from './a.ts';"),
  ];
  const [found, ...more] = cycles(circle);
  assert.match(
    found ?? '',
    /^sidecar\/src\/c\.ts:1: sidecar\/src\/b\.ts → sidecar\/src\/c\.ts → sidecar\/src\/b\.ts/,
  );
  assert.deepEqual(more, []);
});
