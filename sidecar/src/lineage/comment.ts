/**
 * What an archive's comment says of it: `bvs1 set=… kind=… …`, all as known before the archive is made.
 *
 * Fields that decide nothing yet are written from the first day, so that no archive has to be rewritten.
 */
export interface Comment {
  readonly set: string;
  readonly kind: 'data' | 'claim' | 'close' | 'fork';
  /** The number in the name. */
  readonly seq: number;
  /** The data archive that the content descends from. */
  readonly parent: Parent;
  /** One pod's lifetime with its volume: 16 hexadecimal digits. */
  readonly writer: string;
  /** The number of this writer's claim: what began after it is newer, also once the claim is deleted; 0 if unknown. */
  readonly claim: number;
  /** One attempt to create an archive: 16 hexadecimal digits. */
  readonly try: string;
  readonly pod: string;
  /** SIGTERM had come: the application had ended, unless this container alone was told to end. */
  readonly final: boolean;
  /** The pod's termination had begun. */
  readonly closing: boolean;
  readonly late: boolean;
  /** Databases in the archive are states that existed. */
  readonly consistent: boolean;
  /** Entries are missing that could not be read. */
  readonly partial: boolean;
  /** Paths of some of the missing entries. */
  readonly lacks: readonly string[];
  /** Entries of the volume other than directories. */
  readonly files: number;
  readonly bytes: number;
  /** Borg's `--chunker-params`, inherited from archive to archive. */
  readonly chunker: string;
  /** The application's version, or empty. */
  readonly app: string;
  /** First 16 hexadecimal digits of the SHA-256 of the request that was restored, or `-`. */
  readonly restore: string;
  /** The sequence that a person has to accept a loss against, or `-`. */
  readonly guard: string;
  /** The predecessor's highest number when its archives were adopted, else 0. */
  readonly legacy: number;
  /** Bytes added since the last compaction. */
  readonly added: number;
  /** When the repository was last compacted, and checked: seconds since 1970, or 0. */
  readonly compacted: number;
  readonly checked: number;
}

/** A data archive by number and Borg's id; 0 and `-` for none. */
export interface Parent {
  readonly sequence: number;
  readonly id: string;
}

/** No parent: the content descends from no archive of ours. */
export const NO_PARENT: Parent = { sequence: 0, id: '-' };

const VERSION = 'bvs1';
/** How many entries that it lacks an archive names. A comment is read at each start: enough to tell a person where to look. */
export const MOST_LACKING = 20;

/** The comment as Borg stores it: no braces, since Borg reads them as placeholders. */
export function writeComment(comment: Comment): string {
  const fields: Record<keyof Comment, string> = {
    set: comment.set,
    kind: comment.kind,
    seq: String(comment.seq),
    parent: `${comment.parent.sequence}:${comment.parent.id}`,
    writer: comment.writer,
    claim: String(comment.claim),
    try: comment.try,
    pod: encode(comment.pod),
    final: bit(comment.final),
    closing: bit(comment.closing),
    late: bit(comment.late),
    consistent: bit(comment.consistent),
    partial: bit(comment.partial),
    lacks: comment.lacks.slice(0, MOST_LACKING).map(encode).join(','),
    files: String(comment.files),
    bytes: String(comment.bytes),
    chunker: comment.chunker,
    app: encode(comment.app),
    restore: comment.restore,
    guard: comment.guard,
    legacy: String(comment.legacy),
    added: String(comment.added),
    compacted: String(comment.compacted),
    checked: String(comment.checked),
  };
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [VERSION, ...pairs].join(' ');
}

/** What a comment says, or `undefined` if it is not one of ours. Unknown fields are passed over. */
export function readComment(text: string): Comment | undefined {
  const [version, ...pairs] = text.split(' ');
  if (version !== VERSION) {
    return undefined;
  }
  const fields = new Map(
    pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
  );
  const field = (name: keyof Comment): string => fields.get(name) ?? '';
  const number = (name: keyof Comment): number => Number(field(name)) || 0;
  const flag = (name: keyof Comment): boolean => field(name) === '1';
  const kind = (['data', 'claim', 'close', 'fork'] as const).find((kind) => kind === field('kind'));
  const parent = /^(\d+):(\S+)$/.exec(field('parent'));
  if (kind === undefined || parent === null || field('set') === '') {
    return undefined;
  }
  return {
    set: field('set'),
    kind,
    seq: number('seq'),
    parent: { sequence: Number(parent[1]), id: parent[2] ?? '-' },
    writer: field('writer'),
    claim: number('claim'),
    try: field('try'),
    pod: decode(field('pod')),
    final: flag('final'),
    closing: flag('closing'),
    late: flag('late'),
    consistent: flag('consistent'),
    partial: flag('partial'),
    lacks: field('lacks')
      .split(',')
      .filter((path) => path !== '')
      .map(decode),
    files: number('files'),
    bytes: number('bytes'),
    chunker: field('chunker'),
    app: decode(field('app')),
    restore: field('restore') || '-',
    guard: field('guard') || '-',
    legacy: number('legacy'),
    added: number('added'),
    compacted: number('compacted'),
    checked: number('checked'),
  };
}

function bit(value: boolean): string {
  return value ? '1' : '0';
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
