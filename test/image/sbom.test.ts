import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Image } from './support/image.ts';

const SBOM = '/usr/share/doc/borg-volume-sync/sbom.spdx.json';
/** What runtimes make; the image has at most something empty there. */
const RUNTIME = new Set(['/dev', '/proc', '/sys', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);

type Document = {
  packages: { SPDXID: string; name: string; licenseDeclared: string; hasFiles?: string[] }[];
  files: { SPDXID: string; fileName: string; checksums: [{ checksumValue: string }] }[];
};

const image = Image.open();
const document = JSON.parse(readFileSync(image.at(SBOM), 'utf8')) as Document;

/** SHA-1 of each file, and of each symlink's target, by path. */
function filesOfImage(directory = '/'): Map<string, string> {
  const entries = readdirSync(image.at(directory), { withFileTypes: true });
  return new Map(
    entries.flatMap((entry) => {
      const path = join(directory, entry.name);
      if (path === SBOM || RUNTIME.has(path)) return [];
      if (entry.isDirectory()) return [...filesOfImage(path)];
      const content = entry.isSymbolicLink() ? readlinkSync(image.at(path)) : readFileSync(image.at(path));
      return [[path, createHash('sha1').update(content).digest('hex')] as const];
    }),
  );
}

test('the SBOM in the image lists every file of it, as it is, and no other', () => {
  const listed = document.files.map(
    ({ fileName, checksums }) => `${fileName.slice(1)} ${checksums[0].checksumValue}`,
  );
  const found = [...filesOfImage()].map(([path, sha1]) => `${path} ${sha1}`);
  assert.ok(found.length > 1000, `${found.length} files`);
  const [inSbom, inImage] = [new Set(listed), new Set(found)];
  assert.deepEqual(
    {
      unlisted: found.filter((file) => !inSbom.has(file)),
      absent: listed.filter((file) => !inImage.has(file)),
    },
    { unlisted: [], absent: [] },
  );
});

test('each file of the SBOM belongs to one package', () => {
  const owned = document.packages.flatMap(({ hasFiles = [] }) => hasFiles);
  assert.deepEqual(owned.sort(), document.files.map(({ SPDXID }) => SPDXID).sort());
});

test('what the program is made of is in the SBOM by name, with a licence', () => {
  for (const name of [
    'borgbackup',
    'msgpack',
    'node',
    'pino',
    'openssh-client',
    'openssh-server',
    'tini',
    'libssl3t64',
  ]) {
    const found = document.packages.find((each) => each.name === name);
    assert.ok(found, name);
    assert.notEqual(found.licenseDeclared, 'NOASSERTION', name);
  }
});

test('the image holds the licence of what is bundled', () => {
  const licenses = readFileSync(image.at('/usr/share/doc/borg-volume-sync/licenses/npm'), 'utf8');
  assert.match(licenses, /^pino \d/m);
  assert.match(licenses, /^prom-client \d/m);
  assert.match(
    readFileSync(image.at('/usr/share/doc/borg-volume-sync/licenses/node'), 'utf8'),
    /^Node\.js is licensed/,
  );
});
