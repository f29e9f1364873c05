import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Marker, newMarker, parseMarker } from '../../../sidecar/src/lineage/marker.ts';
import { liveMarker, OWN, THIRD } from '../../support/lineage.ts';

test('row 1: the marker of a new writer is restoring, and claims and knows nothing', () => {
  assert.deepEqual(newMarker(OWN, { sequence: 4, id: 'id-4' }), {
    ...{ state: 'restoring', writer: OWN, repo: undefined, claimed: false, claim: 0, last: 0 },
    ...{
      base: { sequence: 4, id: 'id-4' },
      baseSize: undefined,
      known: [],
      restore: '-',
      guard: '-',
      accepted: [],
    },
    ...{ legacy: 0, chunker: undefined, added: 0, compacted: 0, checked: 0, lockedSince: undefined },
  });
});

/** What is left of a marker that was written to a file. */
const reread = (marker: unknown) => parseMarker(JSON.parse(JSON.stringify(marker)));

const whole: [name: string, marker: Marker][] = [
  ['a new writer', newMarker(OWN, { sequence: 0, id: '-' })],
  ['a live writer', liveMarker({ guard: '2', restore: 'f'.repeat(16), legacy: 1_700_000_000 })],
  ['a fenced writer', liveMarker({ state: 'fenced' })],
  ['an unclaimed writer', liveMarker({ claimed: false, known: [OWN, THIRD] })],
  ['a writer that waits for a lock', liveMarker({ lockedSince: { boot: 'b', atMs: 1_234 } })],
];
for (const [name, marker] of whole) {
  test(`the marker of ${name} is read as it was written`, () => {
    // What is undefined is not written, and so is missing.
    assert.deepEqual(JSON.stringify(reread(marker)), JSON.stringify(marker));
    assert.notEqual(reread(marker), undefined);
  });
}

const odd: [name: string, change: Record<string, unknown>][] = [
  ...(['state', 'writer', 'claimed', 'last', 'base', 'known', 'restore', 'guard', 'legacy'] as const).flatMap(
    (field): [string, Record<string, unknown>][] => [
      [`without ${field}`, { [field]: undefined }],
      [`with null as ${field}`, { [field]: null }],
      [`with an object as ${field}`, { [field]: {} }],
    ],
  ),
  ['with an unknown state', { state: 'dead' }],
  ['with a short writer', { writer: 'abc' }],
  ['with a long writer', { writer: `${OWN}0` }],
  ['with a writer in capitals', { writer: OWN.toUpperCase() }],
  ['with a word for claimed', { claimed: 'true' }],
  ['with a word for a number', { last: '3' }],
  ['with a base without an id', { base: { sequence: 3 } }],
  ['with a base without a number', { base: { id: 'id-3' } }],
];
for (const [name, change] of odd) {
  test(`a marker ${name} is none`, () => assert.equal(reread({ ...liveMarker(), ...change }), undefined));
}

for (const value of [null, 0, 'live', true, [], {}]) {
  test(`${JSON.stringify(value)} is no marker`, () => assert.equal(parseMarker(value), undefined));
}
