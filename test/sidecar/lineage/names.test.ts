import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkName, LAST_SEQUENCE, lineageName, readName } from '../../../sidecar/src/lineage/names.ts';

for (const [sequence, name] of [
  [0, 'grafana-0000000000'],
  [1, 'grafana-0000000001'],
  [4_294_967_296, 'grafana-4294967296'],
  [LAST_SEQUENCE, 'grafana-9999999999'],
] as const) {
  test(`the sequence ${sequence} is called ${name}`, () => {
    assert.equal(lineageName('grafana', sequence), name);
    assert.deepEqual(readName('grafana', name), { kind: 'lineage', sequence });
  });
}

for (const [writer, number, name] of [
  ['0123456789abcdef', 1, 'grafana.fork-0123456789abcdef-1'],
  ['aaaaaaaaaaaaaaaa', 10, 'grafana.fork-aaaaaaaaaaaaaaaa-10'],
  ['0000000000000000', 999_999_999_999_999, 'grafana.fork-0000000000000000-999999999999999'],
] as const) {
  test(`row 32: fork ${number} of ${writer} is called ${name}`, () => {
    assert.equal(forkName('grafana', writer, number), name);
    assert.deepEqual(readName('grafana', name), { kind: 'fork', writer, number });
  });
}

for (const [name, epoch, exit] of [
  ['1700000000', 1_700_000_000, false],
  ['1700000000-exit', 1_700_000_000, true],
  ['0', 0, false],
  ['1700000000123', 1_700_000_000_123, false],
] as const) {
  test(`${name} is the predecessor's`, () => {
    assert.deepEqual(readName('grafana', name), { kind: 'legacy', epoch, exit });
  });
}

for (const [why, name] of [
  ['a name with eleven digits', 'grafana-00000000001'],
  ['a name with nine digits', 'grafana-000000001'],
  ['a name with a letter among the digits', 'grafana-000000000a'],
  ['a name with a sign', 'grafana--000000001'],
  ['a name with other digits', 'grafana-٠٠٠٠٠٠٠٠٠١'],
  ["another set's name", 'gitea-0000000001'],
  ["a longer set's name", 'grafana-dev-0000000001'],
  ["a shorter set's name", 'graf-0000000001'],
  ['a name in capitals', 'Grafana-0000000001'],
  ["another set's fork", 'gitea.fork-0123456789abcdef-1'],
  ["a longer set's fork", 'grafana-dev.fork-0123456789abcdef-1'],
  ['a fork with the number 0', 'grafana.fork-0123456789abcdef-0'],
  ['a fork with a zero before its number', 'grafana.fork-0123456789abcdef-01'],
  ['a fork without a number', 'grafana.fork-0123456789abcdef-'],
  ['a fork with a number of sixteen digits', 'grafana.fork-0123456789abcdef-1000000000000000'],
  ['a fork with a short writer', 'grafana.fork-0123456789abcde-1'],
  ['a fork with a long writer', 'grafana.fork-0123456789abcdef0-1'],
  ['a fork with a writer in capitals', 'grafana.fork-0123456789ABCDEF-1'],
  ['a checkpoint of a fork', 'grafana.fork-0123456789abcdef-1.checkpoint'],
  ['a checkpoint', 'grafana-0000000001.checkpoint'],
  ['the set alone', 'grafana'],
  ['a number with another ending', '1700000000-final'],
  ['a number of sixteen digits', '1700000000000000'],
  ['a number with a blank', ' 1700000000'],
  ['nothing', ''],
] as const) {
  test(`${why} is foreign: "${name}"`, () =>
    assert.deepEqual(readName('grafana', name), { kind: 'foreign' }));
}

test('the dots of a set are no wildcards', () => {
  assert.deepEqual(readName('a.b', 'axb-0000000001'), { kind: 'foreign' });
  assert.deepEqual(readName('a.b', 'a.b-0000000001'), { kind: 'lineage', sequence: 1 });
  assert.deepEqual(readName('a.b', forkName('axb', '0123456789abcdef', 1)), { kind: 'foreign' });
});

test("a set of digits is not taken for the predecessor's", () => {
  assert.deepEqual(readName('1700', lineageName('1700', 5)), { kind: 'lineage', sequence: 5 });
  assert.deepEqual(readName('1700', '1700'), { kind: 'legacy', epoch: 1_700, exit: false });
});
