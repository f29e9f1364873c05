import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import {
  refuseAdoption,
  refuseFor,
  refuseGone,
  refuseMissing,
  refuseNonempty,
  refuseOther,
  refuseUnpinned,
  refuseVanished,
} from '../../../sidecar/src/lineage/refusals.ts';

const refusals: [row: string, refusal: Refusal, reason: string, says: RegExp[]][] = [
  [
    'row 2: a volume that has vanished',
    refuseVanished('/data'),
    'volume-vanished',
    [/volume \/data has lost .* nothing is restored or saved/, /Delete the pod/],
  ],
  [
    'row 3: a volume with files',
    refuseNonempty('/data'),
    'volume-not-empty',
    [/volume \/data holds files/, /empty it, or set ON_NONEMPTY_VOLUME=adopt/],
  ],
  [
    'row 3: files to adopt beside an archive',
    refuseAdoption('/data', 'grafana-0000000001'),
    'volume-not-empty',
    [/volume \/data has files .* grafana-0000000001/, /Empty the volume .* or choose another ARCHIVE_NAME/],
  ],
  [
    "row 5: another repository than the volume's",
    refuseOther('found', 'own'),
    'wrong-repository',
    [/has the id found/, /restored from own/, /Bring that one back, or delete the pod/],
  ],
  [
    'row 5: another repository than the pinned one',
    refuseUnpinned('found', 'pinned'),
    'wrong-repository',
    [/has the id found, but REPOSITORY_ID is pinned/, /correct REPO_BASE or ARCHIVE_NAME, or REPOSITORY_ID/],
  ],
  [
    'row 11: foreign archives',
    refuseFor('grafana', { kind: 'foreign', names: ['a', 'b', 'c'] }),
    'foreign-archives',
    [/set "grafana" \(a, b, c\)/, /correct ARCHIVE_NAME or REPO_BASE/],
  ],
  [
    'row 11: many foreign archives',
    refuseFor('grafana', { kind: 'foreign', names: ['a', 'b', 'c', 'd', 'e'] }),
    'foreign-archives',
    [/\(a, b, c and 2 more\)/, /correct ARCHIVE_NAME/],
  ],
  [
    "row 11: the predecessor's newer archive",
    refuseFor('grafana', { kind: 'legacy', epoch: 1_700_000_300 }),
    'two-lines',
    [/1700000300/, /set "grafana"/, /Set RESTORE_ARCHIVE .* or delete the archives of the other line/],
  ],
  [
    'row 11: the last number',
    refuseFor('grafana', { kind: 'numbers-used-up' }),
    'numbers-used-up',
    [/^The set "grafana" has used its last archive number \(9999999999\): start a new set\.$/],
  ],
  [
    'row 11: an empty repository',
    refuseFor('grafana', { kind: 'empty' }),
    'empty-repository',
    [/set "grafana" has no archive/, /correct ARCHIVE_NAME or REPO_BASE, or set it to "start"/],
  ],
  [
    'row 13: an archive that is not there',
    refuseMissing('grafana', 'RESTORE_ARCHIVE=x'),
    'archive-missing',
    [/^RESTORE_ARCHIVE=x asks for .* set "grafana"/, /correct it or remove it/],
  ],
  [
    "row 25: a volume that is not the writer's",
    refuseGone('/data'),
    'volume-vanished',
    [/volume \/data is not .* it is not saved/, /Delete the pod/],
  ],
];

for (const [row, refusal, reason, says] of refusals) {
  test(`${row} is refused in one sentence that says what and what to do`, () => {
    assert.ok(refusal instanceof Refusal);
    assert.equal(refusal.reason, reason);
    assert.match(refusal.message, /^[A-Z][^\n]*: [^\n]*\.$/);
    for (const part of says) {
      assert.match(refusal.message, part);
    }
  });
}
