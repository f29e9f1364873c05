import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideOwners, type Owners, type Self } from '../../../sidecar/src/volume/owners.ts';

const root: Self = { uid: 0, gid: 0, canChown: true, canSetAttributes: true, takesAll: false };
const user: Self = { uid: 472, gid: 472, canChown: false, canSetAttributes: false, takesAll: false };
const owning: Self = { ...user, takesAll: true };

const rows: [name: string, archived: number[], self: Self, owners: Owners][] = [
  ['root restores its own files', [0], root, { kind: 'as-archived' }],
  ['root restores any owners', [472, 0, 33], root, { kind: 'as-archived' }],
  ['root restores an empty archive', [], root, { kind: 'as-archived' }],
  ['root that takes all does', [472, 33], { ...root, takesAll: true }, { kind: 'own', others: [33, 472] }],
  ['a user restores its own files', [472, 472], user, { kind: 'own', others: [] }],
  ['a user restores an empty archive', [], user, { kind: 'own', others: [] }],
  ["a user restores one other user's files", [1000, 1000], user, { kind: 'own', others: [1000] }],
  ["a user restores root's files", [0], user, { kind: 'own', others: [0] }],
  ["a user does not mix its own with another's", [472, 1000], user, { kind: 'refused', others: [1000] }],
  ['a user does not mix two others', [1000, 33, 1000], user, { kind: 'refused', others: [33, 1000] }],
  ['a user that takes all takes one', [1000], owning, { kind: 'own', others: [1000] }],
  ['a user that takes all takes several', [1000, 472, 33], owning, { kind: 'own', others: [33, 1000] }],
  [
    'a user with CAP_CHOWN restores any owners',
    [0, 1000],
    { ...user, canChown: true },
    { kind: 'as-archived' },
  ],
];

for (const [name, archived, self, owners] of rows) {
  test(name, () => {
    assert.deepEqual(
      decideOwners(
        archived.map((uid) => ({ uid })),
        self,
      ),
      owners,
    );
  });
}

test('the other owners are in the order of their numbers', () => {
  assert.deepEqual(decideOwners([{ uid: 1000 }, { uid: 33 }, { uid: 200 }], user), {
    ...{ kind: 'refused', others: [33, 200, 1000] },
  });
});
