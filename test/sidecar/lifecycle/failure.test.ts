import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BorgError } from '../../../sidecar/src/borg/error.ts';
import { EXIT, Fatal } from '../../../sidecar/src/lifecycle/exit.ts';
import { describeFailure, type Failure, toFatal } from '../../../sidecar/src/lifecycle/failure.ts';
import { NameTaken, Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import { CredentialError } from '../../../sidecar/src/ssh/error.ts';
import { VolumeError } from '../../../sidecar/src/volume/contents.ts';
import { MarkerError } from '../../../sidecar/src/volume/marker.ts';

const where = { repository: '/r', host: 'nas', port: 22, login: 'nas' };
const locked = new BorgError('locked', where, 'timeout');
const damaged = new BorgError('damaged', where, 'checksum');

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, open '/data/x'`), { code });
}

const ownDisk =
  "This pod's disk is full (CODE: it failed, open '/data/x'): raise the sizeLimit of the volume or the node's space.";
const permission =
  "A file can't be used (CODE: it failed, open '/data/x'): correct its owner or mode, or the pod's securityContext.";
const unforeseen = (message: string) => `Something unforeseen happened (${message}): please report it.`;

const rows: [name: string, error: unknown, failure: Failure][] = [
  ['a lock', locked, { reason: 'locked', class: 'transient', message: locked.message }],
  ['a damaged repository', damaged, { reason: 'damaged', class: 'person', message: damaged.message }],
  [
    'a credential',
    new CredentialError('No key.'),
    { reason: 'credentials', class: 'person', message: 'No key.' },
  ],
  ['a marker', new MarkerError('Damaged.'), { reason: 'marker', class: 'person', message: 'Damaged.' }],
  ['a refusal', new Refusal('owners', 'No.'), { reason: 'owners', class: 'person', message: 'No.' }],
  ['a volume', new VolumeError('Full.'), { reason: 'volume', class: 'person', message: 'Full.' }],
  [
    'a name that is taken',
    new NameTaken('grafana-0000000007'),
    {
      ...{ reason: 'archive-exists', class: 'transient' },
      message:
        'The archive grafana-0000000007 is there, although a list does not show it: the list is read again.',
    },
  ],
  ...['ENOSPC', 'EDQUOT'].map((code): [string, unknown, Failure] => [
    code,
    systemError(code),
    { reason: 'own-disk-full', class: 'person', message: ownDisk.replace('CODE', code) },
  ]),
  ...['EACCES', 'EPERM', 'EROFS'].map((code): [string, unknown, Failure] => [
    code,
    systemError(code),
    { reason: 'permission', class: 'person', message: permission.replace('CODE', code) },
  ]),
  [
    'another system error',
    systemError('EIO'),
    { reason: 'bug', class: 'bug', message: unforeseen("EIO: it failed, open '/data/x'") },
  ],
  [
    'a slip of the program',
    new TypeError('x is not a function'),
    { reason: 'bug', class: 'bug', message: unforeseen('x is not a function') },
  ],
];

for (const [name, error, failure] of rows) {
  test(`${name} is a matter for: ${failure.class}`, () => assert.deepEqual(describeFailure(error), failure));
}

test("a real error of the system is told in the system's words", async () => {
  const error = await readFile('/').catch((error) => error);
  assert.match(describeFailure(error).message, /\(EISDIR: .+\)/);
});

for (const [error, code] of [
  [locked, EXIT.person],
  [new Refusal('owners', 'No.'), EXIT.person],
  [new TypeError('x is not a function'), EXIT.failed],
] as const) {
  test(`the end that ${error.name} brings has its reason, its sentence and the code ${code}`, () => {
    const { reason, message } = describeFailure(error);
    const fatal = toFatal(error);
    assert.ok(fatal instanceof Fatal);
    assert.deepEqual([fatal.code, fatal.reason, fatal.message, fatal.cause], [code, reason, message, error]);
    assert.equal(toFatal(fatal), fatal);
  });
}
