import { type Declaration, declarations } from '../settings.ts';

/** The settings as they stand in `--help`: a block each. */
export function settingsHelp(): string {
  return Object.entries<Declaration>(declarations)
    .map(([name, declaration]) => {
      const meaning = declaration.meaning.replaceAll('`', '');
      return `  ${name}  (${defaultOf(declaration)})\n      ${meaning}\n      Allowed: ${declaration.kind.expects}`;
    })
    .join('\n');
}

/** The settings as a Markdown table. */
export function settingsTable(): string {
  const rows = Object.entries<Declaration>(declarations).map(([name, declaration]) => {
    const cells = [`\`${name}\``, tableDefault(declaration), declaration.kind.expects, declaration.meaning];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| name | default | allowed | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function defaultOf(declaration: Declaration): string {
  if (declaration.required) {
    return 'required';
  }
  return declaration.default === undefined ? 'no default' : `default: ${declaration.default}`;
}

function tableDefault(declaration: Declaration): string {
  if (declaration.required) {
    return 'required';
  }
  return declaration.default === undefined ? '' : `\`${declaration.default}\``;
}
