import { settingsTable } from '../sidecar/src/settings/help.ts';

/** The places in the documentation that are generated: a file, and what stands between its two marks. */
export const GENERATED: readonly { readonly file: string; readonly name: string; text(): string }[] = [
  { file: 'README.md', name: 'settings', text: settingsTable },
  { file: 'docs/settings.md', name: 'settings', text: settingsTable },
];

/** The document with what is between its marks replaced. Throws where the marks are missing. */
export function replaceGenerated(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin: generated ${name} -->`, `<!-- end: generated ${name} -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`The marks "${begin}" and "${end}" are missing: put them where the table belongs.`);
  }
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`;
}
