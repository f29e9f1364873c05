/** One line of Borg's `--log-json` output. */
export type BorgMessage =
  | {
      readonly type: 'log';
      readonly level: string;
      readonly text: string;
      readonly msgid: string | undefined;
      readonly logger: string;
    }
  /** The state of one entry, asked for by `--list`: `E` could not be read. */
  | { readonly type: 'status'; readonly status: string; readonly path: string }
  /** A line that is no JSON: of Python, of a wrapper, of an argument parser. */
  | { readonly type: 'text'; readonly text: string }
  /** Progress and questions. */
  | { readonly type: 'other' };

/** Reads one line of Borg's standard error. */
export function readMessage(line: string): BorgMessage {
  const json = parseObject(line);
  if (json === undefined) {
    return { type: 'text', text: line };
  }
  if (json.type === 'log_message') {
    return {
      type: 'log',
      level: String(json.levelname ?? 'INFO'),
      text: String(json.message ?? ''),
      msgid: typeof json.msgid === 'string' ? json.msgid : undefined,
      logger: String(json.name ?? ''),
    };
  }
  if (json.type === 'file_status') {
    return { type: 'status', status: String(json.status ?? ''), path: String(json.path ?? '') };
  }
  return { type: 'other' };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  // The prompt for a passphrase, which nobody answers, stands on the same line as the object that says so.
  const start = line.startsWith('{') ? 0 : line.indexOf('{"type": "');
  if (start < 0) {
    return undefined;
  }
  try {
    return JSON.parse(line.slice(start));
  } catch {
    return undefined;
  }
}
