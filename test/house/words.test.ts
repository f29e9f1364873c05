import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { type Source, sources } from './sources.ts';
import { at, nodes } from './syntax.ts';

type Rule = {
  finds: (node: ts.Node) => boolean;
  instead: string;
  /** Where the word may stand. */
  except?: readonly string[];
};

/** Only these may know the real time and real chance; every floor below gets them passed in. */
const CLOCK_OWNERS = ['sidecar/src/commands/'];

const literal = (text: string) => (node: ts.Node) => ts.isStringLiteralLike(node) && node.text === text;
const member = (text: string) => (node: ts.Node) =>
  ts.isPropertyAccessExpression(node) && node.getText() === text;
const named = (text: string) => (node: ts.Node) => ts.isIdentifier(node) && node.text === text;

const inSidecar: Rule[] = [
  {
    finds: literal('break-lock'),
    instead: 'it lets two writers in at once: wait for the lock, then restore past it with --bypass-lock',
  },
  {
    finds: literal('rename'),
    instead: "an archive's name is its place in the order: create another archive",
  },
  { finds: literal('recreate'), instead: 'it rewrites what was confirmed: create another archive' },
  {
    finds: literal('prune'),
    instead: 'it sorts by time stamps and would drop the head: delete by exact names',
  },
  {
    finds: (node) => /\{(?:utc)?now\b/.test(textOf(node)),
    instead: 'Borg would put a time there: build the whole name from the sequence number',
  },
  ...['Math.random', 'Date.now', 'performance.now'].map((text) => ({
    finds: member(text),
    instead: 'let the command pass in the clock or the source of ids',
    except: CLOCK_OWNERS,
  })),
  {
    finds: (node) => ts.isNewExpression(node) && named('Date')(node.expression) && !node.arguments?.length,
    instead: 'let the command pass in the clock',
    except: CLOCK_OWNERS,
  },
  {
    finds: (node) => ts.isPropertyAccessExpression(node) && named('console')(node.expression),
    instead: 'use the log of sidecar/src/log.ts; a command that answers a person writes to process.stdout',
  },
  {
    finds: (node) => ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.AnyKeyword,
    instead: 'name the type, or `unknown` and a check',
  },
];

const inTests: Rule[] = [
  ...['setTimeout', 'sleep'].map((text) => ({
    finds: named(text),
    instead: 'wait for an event, a file or a count, with a limit: test/support/',
    except: ['test/support/'],
  })),
  {
    finds: (node) =>
      ts.isStringLiteralLike(node) && /^(?:node:)?timers\/promises$/.test(node.text) && isModule(node),
    instead: 'wait for an event, a file or a count, with a limit: test/support/',
    except: ['test/support/'],
  },
  {
    finds: skips,
    instead: 'say why: t.skip(reason) or { skip: reason }; better, make what is missing an error',
  },
];

const everywhere: Rule[] = [
  {
    finds: (node) =>
      ts.isPropertyAccessExpression(node) && /^(?:it|test|describe|suite)\.only$/.test(node.getText()),
    instead: 'it silences every other test: select with --test-name-pattern',
  },
];

function banned(files: Source[], rules: Rule[]): string[] {
  return files.flatMap((source) => {
    const applied = rules.filter(({ except = [] }) => !except.some((path) => source.path.startsWith(path)));
    return nodes(source).flatMap((node) =>
      applied
        .filter(({ finds }) => finds(node))
        .map(({ instead }) => `${at(node)}: ${node.getText().split('\n')[0]}: ${instead}`),
    );
  });
}

/** Comments are no nodes. */
function silenced(files: Source[]): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        /@ts-(?:ignore|nocheck)\b/.test(line)
          ? [
              `${path}:${index + 1}: ${line.trim()}: use @ts-expect-error and the reason; it ends when the fault does`,
            ]
          : [],
      ),
  );
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) ? node.text : '';
}

function isModule({ parent }: ts.Node): boolean {
  return ts.isImportDeclaration(parent) || ts.isCallExpression(parent);
}

/** `test.skip(…)`, `t.skip()` and `{ skip: true }` don't say why. */
function skips(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node)) {
    return node.name.getText() === 'skip' && node.initializer.kind === ts.SyntaxKind.TrueKeyword;
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  if (name.text !== 'skip') return false;
  return /^(?:it|test|describe|suite)$/.test(expression.getText()) || node.arguments.length === 0;
}

test('sidecar/src uses no word that is banned there', () => {
  const files = sources('sidecar/src');
  assert.deepEqual([...banned(files, [...inSidecar, ...everywhere]), ...silenced(files)], []);
});

test('tests wait for something, run all, and say why they skip', () => {
  assert.deepEqual(banned(sources('test'), [...inTests, ...everywhere]), []);
});

test('the check finds each word, and no other', () => {
  const lines = (text: string, rules: Rule[], path = 'sidecar/src/borg/x.ts') =>
    banned([{ path, text }], rules).map((line) => Number(line.split(':')[1]));
  const words = [
    ...["run(['break-lock']);", "['rename'];", '[`recreate`];', '["prune"];', "'{now:%s}';", '`a-{utcnow}`;'],
    ...['Math.random();', 'Date.now();', 'new Date();', 'const now = Date.now;', 'performance.now();'],
    ...['console.log(1);', 'x as any;', "test.only('x');"],
  ];
  const rules = [...inSidecar, ...everywhere];
  assert.deepEqual(
    lines(words.join('\n'), rules),
    words.map((_, index) => index + 1),
  );
  const fine = [
    ...["import { rename } from 'node:fs/promises';", "'never prune';", 'new Date(5);', 'clock.now();'],
    ...['x as unknown;', '// console.log, as any', 'state.rename;', "'{nowhere}';"],
  ];
  assert.deepEqual(lines(fine.join('\n'), rules), []);
  assert.deepEqual(lines('Math.random(); new Date();', rules, 'sidecar/src/commands/run.ts'), []);
  assert.equal(silenced([{ path: 'x.ts', text: `\n// @ts-${'ignore'}\n` }]).length, 1);

  const sleepy = [
    ...[
      'setTimeout(f, 1);',
      'await sleep(1);',
      "import { setImmediate as turn } from 'node:timers/promises';",
    ],
    ...["await import('timers/promises');", "test.skip('x');", 't.skip();', "test('x', { skip: true }, f);"],
  ];
  assert.deepEqual(
    lines(sleepy.join('\n'), inTests, 'test/x.test.ts'),
    sleepy.map((_, index) => index + 1),
  );
  const awake =
    "t.skip('no arm64 here');\ntest('x', { skip: reason }, f);\n'timers/promises';\nAbortSignal.timeout(5);";
  assert.deepEqual(lines(awake, inTests, 'test/x.test.ts'), []);
  assert.deepEqual(lines(sleepy.slice(0, 4).join('\n'), inTests, 'test/support/x.ts'), []);
});
