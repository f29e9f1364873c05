import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sources } from './sources.ts';

/** A test lies where its source lies: who knows the one finds the other. */
const trees = [
  { tests: 'test/sidecar', source: 'sidecar/src' },
  { tests: 'test/constructs', source: 'constructs/src' },
  { tests: 'test/charts', source: 'charts' },
  { tests: 'test/scripts', source: 'scripts' },
];

/** Tests without a source at the same path: directories (with a slash at the end) and files. */
const exceptions: Record<string, string> = {
  'test/sidecar/pod/': 'the whole program, as a pod runs it, against a real server',
  'test/sidecar/packages.test.ts': 'how the program is bundled, which lies beside its sources',
  'test/constructs/charts-out.test.ts': 'what main.ts generates, compared with what is committed',
};

function orphans(tests: string[], files: ReadonlySet<string>): string[] {
  return tests
    .filter(
      (path) =>
        !Object.keys(exceptions).some(
          (each) => path === each || (each.endsWith('/') && path.startsWith(each)),
        ),
    )
    .flatMap((path) => {
      const tree = trees.find((each) => path.startsWith(`${each.tests}/`));
      assert.ok(tree, path);
      const expected = path.replace(tree.tests, tree.source).replace(/\.test\.ts$/, '.ts');
      return files.has(expected)
        ? []
        : [
            `${path}:1: there is no ${expected}: move the test to its source's path, or name the exception and its reason here`,
          ];
    });
}

test('each test lies at the path of its source', () => {
  const tests = sources(...trees.map((tree) => tree.tests)).map(({ path }) => path);
  const files = new Set(sources(...trees.map((tree) => tree.source)).map(({ path }) => path));
  const found = orphans(
    tests.filter((path) => path.endsWith('.test.ts')),
    files,
  );
  assert.deepEqual(found, []);
});

test('the check sees a test that lies elsewhere', () => {
  const files = new Set(['sidecar/src/a/b.ts']);
  const tests = ['test/sidecar/a/b.test.ts', 'test/sidecar/b.test.ts', 'test/sidecar/pod/any.test.ts'];
  assert.deepEqual(
    orphans(tests, files).map((line) => line.split(': ')[0]),
    ['test/sidecar/b.test.ts:1'],
  );
});
