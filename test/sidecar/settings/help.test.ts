import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsHelp, settingsTable } from '../../../sidecar/src/settings/help.ts';
import { type Declaration, declarations } from '../../../sidecar/src/settings.ts';

const all = Object.entries<Declaration>(declarations);

/** The cells of a Markdown row. */
function cells(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

for (const [name, { default: text, required, kind, meaning }] of all) {
  test(`${name} is in --help with its default, its meaning and what is allowed`, () => {
    const block = settingsHelp()
      .split(/\n(?= {2}\S)/)
      .find((each) => each.startsWith(`  ${name}  `));
    const shownDefault = required ? 'required' : text === undefined ? 'no default' : `default: ${text}`;
    assert.equal(
      block,
      `  ${name}  (${shownDefault})\n      ${meaning.replaceAll('`', '')}\n      Allowed: ${kind.expects}`,
    );
  });

  test(`${name} is a row of the table`, () => {
    const row = settingsTable()
      .split('\n')
      .find((each) => each.startsWith(`| \`${name}\` |`));
    const shownDefault = required ? 'required' : text === undefined ? '' : `\`${text}\``;
    assert.deepEqual(cells(row ?? ''), [`\`${name}\``, shownDefault, kind.expects, meaning]);
  });
}

test('the table has a head, and no row for anything else', () => {
  const [head, line, ...rows] = settingsTable().split('\n');
  assert.equal(head, '| name | default | allowed | meaning |');
  assert.equal(line, '|---|---|---|---|');
  assert.equal(rows.length, all.length);
});

test('a pipe in a cell is escaped', ({ mock }) => {
  mock.property(declarations.APP_VERSION as { meaning: string }, 'meaning', 'one | two');
  const row = settingsTable()
    .split('\n')
    .find((each) => each.includes('APP_VERSION'));
  assert.match(row ?? '', / one \\\| two \|$/);
});

test('each meaning is made of whole sentences', () => {
  for (const [name, { meaning }] of all) {
    assert.match(meaning, /^[A-Z`].*\.$/, name);
  }
});
