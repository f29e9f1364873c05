import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseStart, type Found, type Start } from '../../../sidecar/src/lifecycle/start-table.ts';

const none = { empty: true, marker: undefined, wasLive: false, onNonemptyVolume: 'fail' } as const;
const files = { ...none, empty: false } as const;

const rows: [name: string, found: Found, start: Start][] = [
  ['an empty volume without a marker', none, 'restore'],
  ['an empty volume, with adopt', { ...none, onNonemptyVolume: 'adopt' }, 'restore'],
  ['an empty volume after a live writer in this boot', { ...none, wasLive: true }, 'vanished'],
  [
    'an empty volume after a live writer in this boot, with adopt',
    { ...none, wasLive: true, onNonemptyVolume: 'adopt' },
    'vanished',
  ],
  ['half a restore', { ...files, marker: { state: 'restoring' } }, 'restore'],
  ['a restore that had not begun to write', { ...none, marker: { state: 'restoring' } }, 'restore'],
  [
    'half a restore after a live writer in this boot, with adopt',
    { ...files, marker: { state: 'restoring' }, wasLive: true, onNonemptyVolume: 'adopt' },
    'restore',
  ],
  ['a live volume', { ...files, marker: { state: 'live' } }, 'resume'],
  ['a live volume in the same boot', { ...files, marker: { state: 'live' }, wasLive: true }, 'resume'],
  ['a live volume that the application emptied', { ...none, marker: { state: 'live' } }, 'resume'],
  ['a live volume, with adopt', { ...files, marker: { state: 'live' }, onNonemptyVolume: 'adopt' }, 'resume'],
  ['files of unknown origin', files, 'nonempty'],
  ['files of unknown origin, with adopt', { ...files, onNonemptyVolume: 'adopt' }, 'adopt'],
  ['files whose marker the application deleted', { ...files, wasLive: true }, 'recover'],
  [
    'files whose marker the application deleted, with adopt',
    { ...files, wasLive: true, onNonemptyVolume: 'adopt' },
    'recover',
  ],
];

for (const [name, found, start] of rows) {
  test(`${name}: ${start}`, () => assert.equal(chooseStart(found), start));
}
