import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind } from '../../../sidecar/src/settings/kinds.ts';
import {
  archiveName,
  chunkerParams,
  compression,
  directories,
  excludePatterns,
  repoBase,
} from '../../../sidecar/src/settings/values.ts';

const words: { name: string; kind: Kind<string>; fine: string[]; refused: string[] }[] = [
  {
    name: 'ARCHIVE_NAME',
    kind: archiveName,
    fine: ['grafana', '1', 'A.b_c-d', 'a-fork-b', 'checkpoint', '2026-backup'],
    refused: ['', '.a', '-a', '_a', 'a/b', 'a b', 'a:b', 'ü', 'a\n', 'a{now}', 'a.fork-1', 'a.checkpoint'],
  },
  {
    name: 'COMPRESSION',
    kind: compression,
    fine: [
      ...['none', 'lz4', 'zstd', 'zstd,1', 'zstd,22', 'zlib,0', 'lzma,9', 'auto,zstd,3'],
      'obfuscate,110,auto,zlib,6',
    ],
    refused: ['', 'gzip', 'lz4,1', 'zstd,0', 'zstd,23', 'zlib,10', 'auto', 'obfuscate,110', 'zstd, 3', 'LZ4'],
  },
  {
    name: 'CHUNKER_PARAMS',
    kind: chunkerParams,
    fine: [
      ...['auto', 'default', 'fixed,65536', 'fixed,4194304,512', 'buzhash,19,23,21,4095'],
      '19,23,21,4095',
    ],
    refused: ['', 'fixed', 'fixed,0', 'fixed,64k', 'buzhash', 'buzhash,19,23,21', 'auto,65536'],
  },
  {
    name: 'EXCLUDE',
    kind: excludePatterns,
    fine: ['cache\nsh:**/x'],
    refused: [],
  },
];

for (const { name, kind, fine, refused } of words) {
  for (const text of fine) {
    test(`${name} may be ${JSON.stringify(text)}`, () => assert.equal(kind.parse(text), text));
  }
  for (const text of refused) {
    test(`${name} may not be ${JSON.stringify(text)}`, () => assert.equal(kind.parse(text), undefined));
  }
}

const bases: [text: string, location: string, server: [string | undefined, string, number] | undefined][] = [
  ['borg@nas.lan:/srv/borg', 'borg@nas.lan:/srv/borg', ['borg', 'nas.lan', 22]],
  ['borg@nas.lan:/srv/borg//', 'borg@nas.lan:/srv/borg', ['borg', 'nas.lan', 22]],
  ['borg@nas:backups', 'borg@nas:backups', ['borg', 'nas', 22]],
  ['nas:~/borg', 'nas:~/borg', [undefined, 'nas', 22]],
  ['nas:/', 'nas:/', [undefined, 'nas', 22]],
  ['borg@[fd00::1]:/srv', 'borg@[fd00::1]:/srv', ['borg', 'fd00::1', 22]],
  ['ssh://borg@nas:2222/srv/borg/', 'ssh://borg@nas:2222/srv/borg', ['borg', 'nas', 2222]],
  ['ssh://nas/~/borg', 'ssh://nas/~/borg', [undefined, 'nas', 22]],
  ['ssh://borg@[::1]:2222/srv', 'ssh://borg@[::1]:2222/srv', ['borg', '::1', 2222]],
  ['/mnt/borg', '/mnt/borg', undefined],
  ['/mnt/my borg/', '/mnt/my borg', undefined],
  ['/', '/', undefined],
];

for (const [text, location, expected] of bases) {
  test(`REPO_BASE ${text} is at ${location}`, () => {
    const { server, ...rest } = repoBase.parse(text) ?? {};
    assert.deepEqual(rest, { location });
    assert.deepEqual(server && [server.user, server.host, server.port], expected);
  });
}

for (const text of [
  ...[
    '',
    'backups',
    './backups',
    '../backups',
    ':/srv',
    '@nas:/srv',
    'nas:',
    'a b@nas:/srv',
    'borg@nas:/a b',
  ],
  ...['ssh://nas', 'ssh://nas:65536/srv', 'ssh://nas:x/srv', 'ssh:///srv', 'ssh://u:secret@nas/srv'],
  ...['http://nas/srv', 'file:///srv', '/srv/{hostname}', 'nas:/srv/{now}', '/a\n/b', 'ssh://::1/srv'],
]) {
  test(`REPO_BASE may not be ${JSON.stringify(text)}`, () => assert.equal(repoBase.parse(text), undefined));
}

for (const [text, paths] of [
  ['data', ['data']],
  ['data,config/sub', ['data', 'config/sub']],
  [' data/ \n\n config ,\n', ['data', 'config']],
  ['with space', ['with space']],
  ['..data,a/...', ['..data', 'a/...']],
] as const) {
  test(`MAKE_DIRS ${JSON.stringify(text)} names ${paths.length}`, () => {
    assert.deepEqual(directories.parse(text), paths);
  });
}

for (const text of ['/data', '..', 'a/../b', 'a//b', 'fine,/etc', '/']) {
  test(`MAKE_DIRS may not be ${JSON.stringify(text)}`, () => {
    assert.equal(directories.parse(text), undefined);
  });
}
