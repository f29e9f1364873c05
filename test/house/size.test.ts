import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { type Source, sources } from './sources.ts';
import { at, nodes } from './syntax.ts';

const FILE = 300;
/** A screen. */
const FUNCTION = 70;
/** The first line of a file that is longer, or has a longer function, with good reason. */
const REASON = /^\/\/ long: \S/;

function tooLong(files: Source[]): string[] {
  return files.flatMap((source) => {
    const found = [...longFile(source), ...longFunctions(source)];
    if (!REASON.test(source.text)) return found;
    return found.length > 0 ? [] : [`${source.path}:1: nothing here is long any more: drop the first line`];
  });
}

function longFile({ path, text }: Source): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines > FILE
    ? [
        `${path}:${FILE + 1}: ${lines} lines, at most ${FILE}: make the second concept a file, or begin with "// long: <reason>"`,
      ]
    : [];
}

function longFunctions(source: Source): string[] {
  return nodes(source)
    .filter(isFunction)
    .flatMap((node) => {
      const lines = node.getText().split('\n').length;
      return lines > FUNCTION
        ? [
            `${at(node)}: a function of ${lines} lines, at most ${FUNCTION}: name its parts, or begin the file with "// long: <reason>"`,
          ]
        : [];
    });
}

function isFunction(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined && !isChapter(node);
}

/** What `describe` gets only gathers tests. */
function isChapter({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && /^(?:describe|suite)\b/.test(parent.expression.getText());
}

test(`no file is over ${FILE} lines and no function over ${FUNCTION} without a reason`, () => {
  const trees = [
    'main.ts',
    'sidecar/src',
    'constructs/src',
    'charts',
    'test',
    'bench',
    'examples',
    'scripts',
  ];
  assert.deepEqual(tooLong(sources(...trees)), []);
});

test('the check counts lines, and asks for a reason that says something', () => {
  const findings = (text: string) => tooLong([{ path: 'x.ts', text }]).map((line) => line.split(' ')[0]);
  const empty = (lines: number) => '\n'.repeat(lines);
  assert.deepEqual(findings(`x;${empty(FILE)}`), []);
  assert.deepEqual(findings(`x;${empty(FILE)}y;\n`), ['x.ts:301:']);
  assert.deepEqual(findings(`// long: a table\n${empty(FILE)}`), []);
  assert.deepEqual(findings(`// long:\n${empty(FILE)}`), ['x.ts:301:']);
  assert.deepEqual(findings('// long: a table\nx;\n'), ['x.ts:1:']);
  assert.deepEqual(findings(`\nfunction f() {${empty(FUNCTION - 1)}}`), []);
  assert.deepEqual(findings(`\nfunction f() {${empty(FUNCTION)}}`), ['x.ts:2:']);
  assert.deepEqual(findings(`class C {\n  m() {${empty(FUNCTION)}}\n}`), ['x.ts:2:']);
  assert.deepEqual(findings(`const f = () => [${empty(FUNCTION)}];`), ['x.ts:1:']);
  assert.deepEqual(findings(`describe('x', () => {${empty(FUNCTION)}});`), []);
});
