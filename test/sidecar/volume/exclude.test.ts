import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseExclude } from '../../../sidecar/src/volume/exclude.ts';
import { runLocalBorg } from '../../support/local-borg.ts';
import { borgClient, executable } from '../../support/paths.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const rows: { pattern: string; out: string[]; kept: string[] }[] = [
  { pattern: 'cache', out: ['cache', 'cache/a', 'cache/a/b'], kept: ['a/cache', 'cache2', 'Cache'] },
  { pattern: 'a/b', out: ['a/b', 'a/b/c'], kept: ['a', 'a/bc', 'b'] },
  { pattern: '/a/./x/..//b', out: ['a/b'], kept: ['b', 'a/x'] },
  {
    pattern: '*.log',
    out: ['x.log', 'a/b/x.log', '.log', 'x.log/y', 'new\nline.log'],
    kept: ['x.log2', 'log'],
  },
  { pattern: '*/x', out: ['a/x', 'a/b/x/y', '.a/x'], kept: ['x', 'a/xy'] },
  { pattern: '**/x', out: ['a/x', 'a/b/x'], kept: ['x', 'ax'] },
  { pattern: 'a?b', out: ['a-b', 'a/b', 'a\nb', 'a😀b', 'a\udcffb'], kept: ['ab', 'a--b', 'a\udcff\udcfeb'] },
  { pattern: 'a/', out: ['a/b', 'a/b/c', 'a/.b'], kept: ['a', 'b/a'] },
  { pattern: '.?*', out: ['.a', '.a/b'], kept: ['a', 'a/.b'] },
  { pattern: '[a-c]x', out: ['ax', 'cx/y'], kept: ['dx', 'Ax', '-x'] },
  { pattern: '[!a-c]x', out: ['dx', '-x', '\nx'], kept: ['ax', 'x'] },
  { pattern: '[^a]x', out: ['^x', 'ax'], kept: ['bx'] },
  { pattern: '[]x]', out: [']', 'x'], kept: ['a', '[]x]'] },
  { pattern: '[!]x]y', out: ['ay'], kept: [']y', 'xy'] },
  { pattern: '[a-]', out: ['a', '-'], kept: ['b'] },
  { pattern: '[a-c-e]', out: ['b', '-', 'e'], kept: ['d'] },
  { pattern: '[\\]', out: ['\\'], kept: ['a', '[\\]'] },
  { pattern: '[é-😀]', out: ['ü', '😀'], kept: ['e', '-'] },
  { pattern: '[*]', out: ['*'], kept: ['a'] },
  { pattern: 'a[b', out: ['a[b', 'a[b/c'], kept: ['ab'] },
  { pattern: '[!]', out: ['[!]'], kept: ['a'] },
  { pattern: '{a,b}', out: ['{a,b}'], kept: ['a'] },
  { pattern: './re:x', out: ['re:x'], kept: ['x'] },
  { pattern: 'fm:sh:x', out: ['sh:x'], kept: ['x'] },
  { pattern: 'sh:*.log', out: ['x.log', '.log', 'x.log/y'], kept: ['a/x.log'] },
  { pattern: 'sh:**/x', out: ['x', 'a/x', 'a/b/x/y', '.a/x'], kept: ['ax', 'a/bx'] },
  { pattern: 'sh:a/**/b', out: ['a/b', 'a/x/b', 'a/x/y/b/c'], kept: ['a', 'ab', 'a/xb'] },
  { pattern: 'sh:a?b', out: ['a-b', 'a😀b', 'a\nb'], kept: ['a/b'] },
  { pattern: 'sh:a[!x]b', out: ['a/b', 'ayb'], kept: ['axb'] },
  { pattern: 'sh:a/', out: ['a/b', 'a/b/c'], kept: ['a'] },
  { pattern: 'sh:a**', out: ['a', 'ab', 'ab/c'], kept: ['b/a'] },
  { pattern: 'pp:a/[b]', out: ['a/[b]', 'a/[b]/c'], kept: ['a/b', 'a/[b]c'] },
  { pattern: 'pp:/a/', out: ['a', 'a/b'], kept: ['ab'] },
  { pattern: 'pf:a/*', out: ['a/*', 'a/*/x'], kept: ['a/b', 'a'] },
  { pattern: 'pf:/', out: [], kept: ['a'] },
];

for (const { pattern, out, kept } of rows) {
  test(`${pattern} leaves out ${out.length} and keeps ${kept.length}`, () => {
    const { matches } = parseExclude(pattern);
    assert.deepEqual([...out, ...kept].filter(matches), out);
  });
}

test('lines carry their style, without blanks around them, empty lines and comments', () => {
  const text = '\n  a b \r\n# a comment\n\t# another\nsh:**/x\r\rpf: y\nfm:#z\n';
  assert.deepEqual(parseExclude(text).lines, ['fm:a b', 'sh:**/x', 'pf: y', 'fm:#z']);
  assert.equal(parseExclude('# nothing\n\n').matches('a'), false);
});

for (const { line, because } of [
  { line: 're:^a', because: /use fm:, sh:, pp: or pf:, or "\.\/" before a name that begins with "re:"/ },
  { line: 'SH:a', because: /use fm:, sh:, pp: or pf:/ },
  { line: 'c4:', because: /use fm:, sh:, pp: or pf:/ },
  { line: '[z-a]', because: /the range "z-a" is empty/ },
  { line: 'sh:a[b--]', because: /the range "b--" is empty/ },
  ...[
    '*',
    '.*',
    '.',
    '?',
    'fm:',
    'fm:/',
    '/..',
    'a/..',
    'sh:**',
    'sh:**/',
    'sh:**/.*',
    'pp:.',
    'pp:/',
    'pf:.',
  ].map((line) => ({ line, because: /it leaves out the whole volume/ })),
]) {
  test(`${line} is refused, by its line`, () => {
    assert.throws(
      () => parseExclude(`a\n\n${line}\nb`),
      (error: Error) =>
        error.message.startsWith(`EXCLUDE, line 3, is "${line}": `) && because.test(error.message),
    );
  });
}

test('many stars do not take long', () => {
  assert.equal(parseExclude('*a*a*a*a*a*a*a*a*b').matches('a'.repeat(4_000)), false);
});

// What follows asks the real Borg. A failure is repeated with the seed that its title names: SEED=… node --test …

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const RUNS = 6;
const PATTERNS_A_RUN = 40;
// The middle of a name is drawn from here; `\udcff` is the byte 0xff.
const names =
  'a|b|A|ab|ba|x|.a|a.b|a\nb|a b|[|]|[a|a]|[!]|-|^|!|\\|*|a*|?|**|{a,b}|~|&|é|e\u0301|😀|\udcff|a\udce2\udc82'
    .split('|')
    .concat('|');
const pieces =
  'a b A . .. * * ** **/ **/ *** ? ? / / / // [ ] [] [! - ! ^ \\ é 😀 {a,b} ./ [a-c] [!a] []x] [!]a] [^a] [a-] [-a] [a-c-e] [!-a] [\\] [+--] []-a] [/] [!/] [é-😀] [a&&b] [~|] [!^a] [*] [?]'.split(
    ' ',
  );

test(`the real Borg leaves out the same paths (SEED=${seed})`, { timeout: 120_000 }, async () => {
  const random = generator(seed);
  await using directory = await TemporaryDirectory.make('exclude');
  const volume = join(directory.path, 'volume');
  const paths = await makeVolume(volume, random);
  for (let run = 0; run < RUNS; run++) {
    // The last run's patterns act on everything, the others' each in its own corner: more of them can be seen.
    const prefix = (index: number) => (run === RUNS - 1 ? '' : `${corner(index)}/`);
    const drawn = Array.from({ length: run === RUNS - 1 ? 8 : PATTERNS_A_RUN }, (_, index) =>
      draw(random, prefix(index)),
    );
    const { lines, matches } = parseExclude(drawn.join('\n'));
    const expected = await archivedByBorg(directory.path, volume, lines);
    // As a walk would: what lies in a directory that is left out isn't asked for.
    const seen = paths.filter((path) => !ancestors(path).some(matches) && !matches(path));
    assert.deepEqual(seen.map(shown).sort(), expected, lines.join('\n'));
    // Without the walk too.
    assert.deepEqual(
      paths.filter((path) => !matches(path)),
      seen,
      lines.join('\n'),
    );
  }
});

/** One corner for each pattern, with the same names in each, as files, directories and in these. */
async function makeVolume(volume: string, random: () => number): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < PATTERNS_A_RUN; index++) {
    for (const name of names) {
      const at = `${corner(index)}/${name}`;
      await mkdir(bytes(join(volume, at)), { recursive: true });
      paths.push(at);
      for (const child of new Set([pick(names, random), pick(names, random)])) {
        await writeFile(bytes(`${join(volume, at)}/${child}`), '');
        paths.push(`${at}/${child}`);
      }
    }
    paths.push(corner(index));
  }
  return paths;
}

function corner(index: number): string {
  return `c${index}`;
}

/** A pattern that is not refused. */
function draw(random: () => number, prefix: string): string {
  for (;;) {
    const style = pick(['', 'fm:', 'fm:', 'sh:', 'sh:', 'sh:', 'pp:', 'pf:'], random);
    const length = 1 + Math.floor(random() * 5);
    const pattern = `${style}${prefix}${Array.from({ length }, () => pick(pieces, random)).join('')}`;
    try {
      parseExclude(pattern);
      return pattern;
    } catch {
      // An empty range, or everything at once: the next one.
    }
  }
}

async function archivedByBorg(scratch: string, volume: string, lines: string[]): Promise<string[]> {
  const { stderr } = await runLocalBorg(
    { borg: executable(borgClient), repository: join(scratch, 'none'), scratch },
    [
      '--log-json',
      'create',
      '--dry-run',
      '--list',
      ...lines.flatMap((line) => ['--exclude', line]),
      '::x',
      '.',
    ],
    { cwd: volume },
  );
  const entries = stderr
    .split('\n')
    .filter((line) => line.startsWith('{"type": "file_status"'))
    .map((line) => JSON.parse(line) as { status: string; path: string });
  const archived = entries.filter(({ status }) => status === '-').map(({ path }) => path);
  assert.ok(archived.includes('.'), 'Borg began with the volume itself');
  return archived.filter((path) => path !== '.').sort();
}

function ancestors(path: string): string[] {
  return path
    .split('/')
    .map((_, index, parts) => parts.slice(0, index).join('/'))
    .slice(1);
}

/** Lone surrogates are bytes, as Python has it. */
function bytes(path: string): Buffer {
  return Buffer.concat(
    [...path].map((character) =>
      /[\udc80-\udcff]/.test(character) && character.length === 1
        ? Buffer.of(character.charCodeAt(0) - 0xdc00)
        : Buffer.from(character),
    ),
  );
}

/** As Borg prints it. */
function shown(path: string): string {
  return path.replace(/[\udc80-\udcff]/gu, '?');
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(state: number): () => number {
  let next = state;
  return () => {
    next = (next + 0x6d2b79f5) | 0;
    let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
