import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageSbom } from '../../../scripts/sbom/image.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { type Files, TINY_IMAGE, writeFiles } from '../../support/tiny-image.ts';

type Package = {
  SPDXID: string;
  name: string;
  versionInfo: string;
  licenseDeclared: string;
  hasFiles?: string[];
  externalRefs?: { referenceLocator: string }[];
};
type Document = {
  documentNamespace: string;
  creationInfo: { created: string };
  packages: Package[];
  files: { SPDXID: string; fileName: string; checksums: { checksumValue: string }[] }[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
  hasExtractedLicensingInfos: { licenseId: string }[];
};

const BUNDLED = [{ name: '@of/a', version: '1.0.0', license: 'MIT' }];
const NODE = { node: '26.10.0', v8: '14.6', modules: '147' };

/** The SBOM of the tiny image with these files more, or others. */
async function sbomOf(more: Files = {}): Promise<Document> {
  await using directory = await TemporaryDirectory.make();
  writeFiles(directory.path, { ...TINY_IMAGE, ...more });
  return imageSbom(directory.path, {
    version: '0.1.0',
    created: 1_800_000_000,
    without: ['/inventory'],
    bundled: BUNDLED,
    base: ['/etc/passwd'],
    node: NODE,
  }) as Document;
}

function filesOf({ packages, files }: Document, name: string): string[] {
  const ids = packages.find((each) => each.name === name && each.hasFiles)?.hasFiles ?? [];
  return files.filter(({ SPDXID }) => ids.includes(SPDXID)).map(({ fileName }) => fileName);
}

const owned = [
  {
    title: 'through directories that are links, diversions, compiled Python and links to links',
    name: 'libx1',
    files: [
      ...['./etc/alternatives/y', './etc/there', './usr/bin/x', './usr/bin/y'],
      ...[
        './usr/lib/x/__pycache__/x.cpython-313.pyc',
        './usr/lib/x/x.py',
        './usr/share/doc/libx1/copyright',
        './usr/share/doc/sshd',
      ],
    ],
  },
  {
    title: 'where dpkg does not know the package',
    name: 'sshd',
    files: ['./usr/sbin/sshd'],
  },
  {
    title: 'of Python packages, by their RECORD',
    name: 'borg',
    files: [
      './opt/borg/bin/borg',
      ...['METADATA', 'RECORD', 'licenses/LICENSE'].map((file) => `./opt/borg/borg-1.4.5.dist-info/${file}`),
      './opt/borg/borg/main.py',
    ],
  },
  { title: 'that the base image brings and no package lists', name: 'base-image', files: ['./etc/passwd'] },
  { title: 'of Node', name: 'node', files: ['./usr/local/bin/node'] },
];

for (const { title, name, files } of owned) {
  test(`files find their package ${title}`, async () => {
    assert.deepEqual(filesOf(await sbomOf(), name), files);
  });
}

test('every file is listed once, but the document itself and what belongs to the machine', async () => {
  const own = {
    '/usr/share/doc/borg-volume-sync/sbom.spdx.json': 'older',
    '/inventory/main.ts': 'generator',
  };
  const { files, packages } = await sbomOf(own);
  const hidden = ['/etc/hostname', '/proc/1/environ'];
  assert.deepEqual(
    files.map(({ fileName }) => fileName.slice(1)).sort(),
    Object.keys(TINY_IMAGE)
      .filter((path) => !hidden.includes(path))
      .sort(),
  );
  assert.deepEqual(
    packages.flatMap(({ hasFiles = [] }) => hasFiles).sort(),
    files.map(({ SPDXID }) => SPDXID).sort(),
  );
});

test('files that belong to nothing are refused, the first ten by name', async () => {
  const strays = Array.from({ length: 12 }, (_, index) => `/usr/bin/stray-${10 + index}`);
  await assert.rejects(sbomOf(Object.fromEntries(strays.map((path) => [path, path]))), (error: Error) => {
    assert.match(error.message, /^12 files of the image belong to no part of the SBOM:\n/);
    assert.deepEqual(error.message.match(/\/usr\/bin\/stray-\d+/g), strays.slice(0, 10));
    assert.match(error.message, /and 2 more/);
    return true;
  });
});

test('a link that points at nothing that is known is refused', async () => {
  await assert.rejects(
    sbomOf({ '/usr/bin/a': '-> b', '/usr/bin/b': '-> a' }),
    /2 files .*\n {2}\/usr\/bin\/a\n/,
  );
});

test('a Debian package without a licence in the image is refused by name', async () => {
  const copyright = '/usr/share/doc/libx1/copyright';
  const { [copyright]: _, ...without } = TINY_IMAGE;
  await using directory = await TemporaryDirectory.make();
  writeFiles(directory.path, without);
  assert.throws(
    () =>
      imageSbom(directory.path, {
        ...{ version: '1', created: 0, without: [], bundled: [], base: [], node: NODE },
      }),
    /Debian package libx1 has no \/usr\/share\/doc\/libx1\/copyright/,
  );
});

test('packages have their version, licence and package URL', async () => {
  const { packages } = await sbomOf();
  const facts = packages.map(({ name, versionInfo, licenseDeclared, externalRefs = [] }) =>
    [name, versionInfo, licenseDeclared, externalRefs[0]?.referenceLocator ?? '-'].join(' '),
  );
  assert.deepEqual(facts, [
    'borg-volume-sync 0.1.0 NOASSERTION -',
    'base-image 13.8 NOASSERTION -',
    'borg-volume-sync 0.1.0 Apache-2.0 pkg:generic/borg-volume-sync@0.1.0',
    'node 26.10.0 MIT pkg:generic/node@26.10.0',
    'v8 14.6 NOASSERTION pkg:generic/v8@14.6',
    'borg 1.4.5 BSD-3-Clause pkg:pypi/borg@1.4.5',
    'base-files 13.8 NOASSERTION pkg:deb/debian/base-files@13.8?arch=all&distro=debian-13',
    'dpkg 1.22 NOASSERTION pkg:deb/debian/dpkg@1.22?arch=amd64&distro=debian-13',
    'libx1 1:2.0-1+b1 GPL-2.0-or-later AND MIT pkg:deb/debian/libx1@1%3A2.0-1%2Bb1?arch=amd64&distro=debian-13&upstream=x',
    'sshd 10 GPL-2.0-or-later AND MIT pkg:deb/debian/sshd@10?arch=amd64&distro=debian-13',
    '@of/a 1.0.0 MIT pkg:npm/%40of/a@1.0.0',
  ]);
});

test('what is bundled is part of the program, and the rest part of the image', async () => {
  const { packages, relationships } = await sbomOf();
  const nameOf = new Map(packages.map(({ SPDXID, name }) => [SPDXID, name]));
  const wholes = relationships
    .filter(({ spdxElementId }) => spdxElementId !== 'SPDXRef-image')
    .map((each) => [
      nameOf.get(each.spdxElementId),
      each.relationshipType,
      nameOf.get(each.relatedSpdxElement),
    ]);
  assert.deepEqual(wholes, [
    [undefined, 'DESCRIBES', 'borg-volume-sync'],
    ['node', 'CONTAINS', 'v8'],
    ['borg-volume-sync', 'CONTAINS', '@of/a'],
  ]);
});

test('the same files give the same document, and another file another namespace', async () => {
  const [one, same, other] = [await sbomOf(), await sbomOf(), await sbomOf({ '/usr/bin/x': 'other' })];
  assert.deepEqual(one, same);
  assert.equal(one.creationInfo.created, '2027-01-15T08:00:00Z');
  assert.notEqual(one.documentNamespace, other.documentNamespace);
});
