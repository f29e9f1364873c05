/** Field names in lower case. */
export type Paragraph = Map<string, string>;

/**
 * The paragraphs of Debian's control files (`status`, `copyright`), which headers of mail (`METADATA`) look like too.
 * A value keeps its lines, without what indents them.
 */
export function paragraphs(text: string): Paragraph[] {
  return text
    .split(/\n\s*\n/)
    .map(fields)
    .filter((fields) => fields.size > 0);
}

function fields(text: string): Paragraph {
  const found: Paragraph = new Map();
  let name = '';
  for (const line of text.split('\n')) {
    const field = line.match(/^([A-Za-z][\w-]*):(.*)$/);
    if (field?.[1] !== undefined) {
      name = field[1].toLowerCase();
      found.set(name, field[2]?.trim() ?? '');
    } else if (name !== '' && /^\s/.test(line)) {
      found.set(name, `${found.get(name)}\n${line.trim()}`);
    }
  }
  return found;
}
