import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseChunker } from '../../../sidecar/src/lineage/chunker.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

for (const [name, bytes, chunk] of [
  ['an empty volume', 0, 64 * KIB],
  ['a byte', 1, 64 * KIB],
  ['4 GiB', 4 * GIB, 64 * KIB],
  ['a byte more than 4 GiB', 4 * GIB + 1, 128 * KIB],
  ['8 GiB', 8 * GIB, 128 * KIB],
  ['a byte more than 8 GiB', 8 * GIB + 1, 256 * KIB],
  ['100 GiB', 100 * GIB, 2 * MIB],
  ['128 GiB', 128 * GIB, 2 * MIB],
  ['a byte more than 128 GiB', 128 * GIB + 1, 4 * MIB],
  ['256 GiB', 256 * GIB, 4 * MIB],
  ['more than that', 10_000 * GIB, 4 * MIB],
] as const) {
  test(`${name} is cut into chunks of ${chunk / KIB} KiB`, () => {
    assert.equal(chooseChunker('auto', undefined, bytes), `fixed,${chunk}`);
  });
}

test('what the newest archive was cut with stays, however the volume grows', () => {
  assert.equal(chooseChunker('auto', 'fixed,65536', 100 * GIB), 'fixed,65536');
  assert.equal(chooseChunker('auto', 'buzhash,19,23,21,4095', 0), 'buzhash,19,23,21,4095');
});

test('an archive that does not say how it was cut leaves nothing to inherit', () => {
  assert.equal(chooseChunker('auto', '', 0), 'fixed,65536');
});

test("the user's own parameters go before what is inherited", () => {
  assert.equal(chooseChunker('default', 'fixed,65536', 0), 'default');
});
