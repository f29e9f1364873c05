import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianLicense, licenseRefs } from '../../../scripts/sbom/license.ts';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: MIT';
const copyright = (...licenses: string[]) =>
  [FORMAT, ...licenses.map((license) => `Files: *\nCopyright: somebody\nLicense: ${license}`)].join('\n\n');

const names = [
  ['GPL-2', 'GPL-2.0-only'],
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['LGPL-2.1+', 'LGPL-2.1-or-later'],
  ['LGPL-2.0-or-later', 'LGPL-2.0-or-later'],
  ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
  ['Expat', 'MIT'],
  ['BSD-3-clause', 'BSD-3-Clause'],
  ['zlib', 'Zlib'],
  ['public-domain', 'LicenseRef-Debian-public-domain'],
  ['GPL-2+ with link exception', 'LicenseRef-Debian-GPL-2-or-later-with-link-exception'],
  ['Artistic or GPL-1+', 'LicenseRef-Debian-Artistic OR GPL-1.0-or-later'],
  ['GPL-1+ or ISC, and Expat', '(GPL-1.0-or-later OR ISC) AND MIT'],
] as const;

for (const [debian, spdx] of names) {
  test(`what Debian calls "${debian}" is ${spdx}`, () => {
    assert.equal(debianLicense(copyright(debian)), spdx);
  });
}

test('licences of several files are said together, each once, and a choice keeps its brackets', () => {
  const text = copyright(
    'GPL-2+\n The whole text,\n .\n License: of which this is a line.',
    'Expat or ISC',
    'GPL-2+',
  );
  assert.equal(
    debianLicense(`${text}\n\nLicense: ISC\n May be used by all.`),
    '(MIT OR ISC) AND GPL-2.0-or-later',
  );
});

test('a text for people is not read as a licence', () => {
  assert.equal(debianLicense('This package was put together by somebody.\n\nLicense: MIT\n'), undefined);
});

test('the names that SPDX does not know are found in an expression', () => {
  assert.deepEqual(licenseRefs('(LicenseRef-Debian-a-1.0 OR MIT) AND LicenseRef-Debian-b'), [
    'LicenseRef-Debian-a-1.0',
    'LicenseRef-Debian-b',
  ]);
});
