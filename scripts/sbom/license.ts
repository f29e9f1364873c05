import { paragraphs } from './deb822.ts';

/** Debian's name for a licence → SPDX's, where more than the case of letters differs. */
const NAMES: Record<string, string> = {
  expat: 'MIT',
  'apache-2': 'Apache-2.0',
  'bsd-3-clauses': 'BSD-3-Clause',
  'bsl-1': 'BSL-1.0',
  'artistic-2': 'Artistic-2.0',
};
/** What both call the same. */
const SPDX = [
  ...[
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-2-Clause-NetBSD',
    'BSD-3-Clause',
    'BSD-4-Clause',
    'BSD-4-Clause-UC',
  ],
  ...[
    'Beerware',
    'BSL-1.0',
    'CC-BY-3.0',
    'CC0-1.0',
    'curl',
    'FSFAP',
    'FSFUL',
    'FSFULLR',
    'ISC',
    'Latex2e',
    'MIT',
  ],
  ...['MPL-1.1', 'MPL-2.0', 'MS-PL', 'Sleepycat', 'Unicode-DFS-2016', 'X11', 'Zlib'],
];
const BY_NAME = new Map([...SPDX.map((id) => [id.toLowerCase(), id] as const), ...Object.entries(NAMES)]);

/**
 * The SPDX expression of all licences that a `copyright` file of Debian names for files of its source. What SPDX has no
 * name for becomes `LicenseRef-Debian-…`. undefined if the file is not the machine-readable kind.
 */
export function debianLicense(copyright: string): string | undefined {
  if (!/^Format:/i.test(copyright)) return undefined;
  const names = paragraphs(copyright)
    .filter((paragraph) => paragraph.has('files'))
    .flatMap((paragraph) => paragraph.get('license')?.split('\n')[0]?.trim() || []);
  const expressions = new Set(names.map(expression));
  // "(A) AND (B)" of one and the same is said once.
  const parts = [...expressions].map((each) =>
    expressions.size > 1 && / OR /.test(each) ? `(${each})` : each,
  );
  return parts.length === 0 ? undefined : parts.sort().join(' AND ');
}

/** The names in it that SPDX doesn't know. */
export function licenseRefs(license: string): string[] {
  return license.match(/LicenseRef-[\w.-]+/g) ?? [];
}

/** "and" binds closer than "or"; a comma before them makes it the other way round. */
function expression(debian: string): string {
  const byComma = debian.split(/,\s+(and|or)\s+/);
  if (byComma.length > 1)
    return joined(byComma.map((part, index) => (index % 2 ? part : `(${expression(part)})`)));
  return joined(debian.split(/\s+(and|or)\s+/).map((part, index) => (index % 2 ? part : name(part))));
}

function joined(parts: string[]): string {
  return parts
    .map((part, index) => (index % 2 ? ` ${part.toUpperCase()} ` : part.replace(/^\(([^ ]*)\)$/, '$1')))
    .join('');
}

function name(debian: string): string {
  const gnu = debian.match(/^(LGPL|GPL|GFDL|GFDL-NIV)-(\d)(?:\.(\d))?(?:\.0)?(\+|-only|-or-later)?$/);
  if (gnu) {
    const family = gnu[1]?.replace('-NIV', '');
    const invariants = gnu[1] === 'GFDL-NIV' ? '-no-invariants' : '';
    const later = gnu[4] === '+' || gnu[4] === '-or-later' ? '-or-later' : '-only';
    return `${family}-${gnu[2]}.${gnu[3] ?? 0}${invariants}${later}`;
  }
  const known = BY_NAME.get(debian.toLowerCase());
  const id = debian.replaceAll('+', '-or-later').replace(/[^A-Za-z0-9.]+/g, '-');
  return known ?? `LicenseRef-Debian-${id}`;
}
