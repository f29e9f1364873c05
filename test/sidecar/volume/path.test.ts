import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execa } from 'execa';
import { fromText, toBytes, toMatchable, toText } from '../../../sidecar/src/volume/path.ts';
import { noise, pick } from '../../support/noise.ts';

function bytePath(...bytes: number[]): string {
  return Buffer.from(bytes).toString('latin1');
}

for (const [name, bytes, text] of [
  ['ASCII', [0x61, 0x2f, 0x62], 'a/b'],
  ['two bytes', [0xc3, 0xa9], 'é'],
  ['three bytes', [0xe2, 0x82, 0xac], '€'],
  ['four bytes', [0xf0, 0x9f, 0x97, 0x84], '🗄'],
  ['a byte that begins nothing', [0x61, 0xff, 0x62], 'a?b'],
  ['a byte that continues nothing', [0x80], '?'],
  ['half a character', [0xe2, 0x82], '??'],
  ['half a character before a whole one', [0xe2, 0x82, 0xc3, 0xa9], '??é'],
  ['a spelling that is too long', [0xc0, 0xaf], '??'],
  ['half of a pair', [0xed, 0xa0, 0x80], '???'],
  ['what lies behind the last character', [0xf4, 0x90, 0x80, 0x80], '????'],
  ['a real question mark', [0x3f], '?'],
  ['nothing', [], ''],
] as const) {
  test(`${name} is shown as "${text}"`, () => assert.equal(toText(bytePath(...bytes)), text));
}

test('each byte that is no UTF-8 is matched as a lone surrogate', () => {
  assert.equal(toMatchable(bytePath(0x61, 0xff, 0xc3, 0xa9, 0x80)), 'a\udcffé\udc80');
});

test('text becomes its bytes and back', () => {
  const path = fromText('ünïcödé 🗄/a');
  assert.deepEqual(toBytes(path), Buffer.from('ünïcödé 🗄/a'));
  assert.equal(toText(path), 'ünïcödé 🗄/a');
});

test('any bytes stay what they are', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  assert.deepEqual(toBytes(bytes.toString('latin1')), bytes);
});

/** What Borg, which is Python, makes of the same bytes: a pair of texts each. */
const PYTHON = `
import json, sys
names = [bytes.fromhex(line).decode("utf-8", "surrogateescape") for line in sys.stdin.read().split("\\n")]
print(json.dumps([[name, name.encode("utf-8", "replace").decode()] for name in names]))
`;

// Bytes at the edges of what UTF-8 allows are drawn more often than by chance.
const EDGES = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
];

function drawName(seed: number): Buffer {
  const random = noise(`name ${seed}`, 1 + pick(seed, 0, 8));
  return Buffer.from(random.map((byte, at) => (at % 2 === 0 ? (EDGES[byte % EDGES.length] ?? 0) : byte)));
}

test('Python, and so Borg, reads random bytes the same way', async () => {
  const names = Array.from({ length: 3_000 }, (_, seed) => drawName(seed));
  const { stdout } = await execa('python3', ['-c', PYTHON], {
    input: names.map((name) => name.toString('hex')).join('\n'),
  });
  const ours = names.map((name) => name.toString('latin1')).map((path) => [toMatchable(path), toText(path)]);
  assert.deepEqual(ours, JSON.parse(stdout));
});
