import { posix } from 'node:path';

/** What `EXCLUDE` leaves out of an archive: told to Borg, and known to our own walk of the volume. */
export type Exclude = {
  /** One pattern each, its style spelt out, as an argument of `--exclude`. */
  lines: string[];
  /**
   * Whether Borg leaves this path out, itself or with a directory above it. The path is relative to the
   * volume ("a/b"); a byte that is not UTF-8 is the lone surrogate U+DC00 + byte, one each, as Borg has it:
   * a `?` stands for one of them.
   */
  matches(path: string): boolean;
};

type Matcher = (path: string) => boolean;

/** Reads `EXCLUDE` as `borg create --exclude-from` would; throws at the first line that cannot be meant. */
export function parseExclude(text: string): Exclude {
  const lines: string[] = [];
  const matchers: Matcher[] = [];
  for (const [index, untrimmed] of text.split(/\r\n?|\n/).entries()) {
    const line = untrimmed.trim();
    if (line === '' || line.startsWith('#')) continue;
    const style = /^([\p{L}\p{N}]{2}):/u.exec(line)?.[1];
    const pattern = style === undefined ? line : line.slice(style.length + 1);
    try {
      matchers.push(compile(style ?? 'fm', pattern));
    } catch (error) {
      throw new Error(`EXCLUDE, line ${index + 1}, is "${line}": ${(error as Error).message}.`);
    }
    lines.push(`${style ?? 'fm'}:${pattern}`);
  }
  return { lines, matches: (path) => matchers.some((matcher) => matcher(path)) };
}

function compile(style: string, pattern: string): Matcher {
  const matcher = matcherOf(style, pattern);
  // Borg would make an archive of nothing. It also spares `matches` a look at the directories above a path:
  // whatever excludes a directory other than the root matches all that is in it.
  if (matcher('.'))
    throw new Error('it leaves out the whole volume, "." (names that begin with a dot are ".?*")');
  return matcher;
}

function matcherOf(style: string, pattern: string): Matcher {
  const normal = posix.normalize(pattern).replace(/^\/+|\/+$/g, '');
  const contentsOnly = pattern.endsWith('/') ? '/' : '';
  switch (style) {
    case 'fm':
      return globbing(fnmatch(`${normal}/*${contentsOnly}`.replace(/^\//, '')));
    case 'sh':
      return globbing(shell(`${normal}/**/*${contentsOnly}`.replace(/^\//, '')));
    case 'pp':
      return (path) => normal === '' || `${path}/`.startsWith(`${normal}/`);
    case 'pf':
      return (path) => normal !== '' && `${path}/`.startsWith(`${normal}/`);
    default:
      throw new Error(`use fm:, sh:, pp: or pf:, or "./" before a name that begins with "${style}:"`);
  }
}

/** Borg ends each path with a slash, so that `a` matches "a" and "a/b", but not "ab". */
function globbing(source: string): Matcher {
  const regExp = new RegExp(`^${source}$`, 'u');
  return (path) => regExp.test(`${path}/`);
}

/** `*` and `?` cross slashes. What stands between two stars is taken where it comes first, and tried nowhere else. */
function fnmatch(glob: string): string {
  const [first, ...parts] = translate(glob, { '*': ' ', '?': '[^]', '**/': ' /' }).split(/ +/);
  const last = parts.pop();
  const between = parts.map((part, index) => `(?=([^]*?${part}))\\${index + 1}`);
  return `${first}${between.join('')}${last === undefined ? '' : `[^]*${last}`}`;
}

/** `*` and `?` end at a slash; `**` with a slash after it is any number of directories, also none. */
function shell(glob: string): string {
  return translate(glob, { '*': '[^/]*', '?': '[^/]', '**/': '(?:[^/]*/)*' });
}

/** A wildcard, a closed set (its first character may be the bracket), or any one character. */
const TOKEN = /(\*\*\/|[*?])|\[(?:(!)|(?!!))(\][^\]]*|[^\]]+)\]|./gsu;

function translate(glob: string, wildcards: Record<string, string>): string {
  return glob.replace(TOKEN, (token, wildcard?: string, not?: string, set?: string) => {
    if (wildcard !== undefined) return wildcards[wildcard] ?? '';
    if (set === undefined) return literal(token);
    return `[${not === undefined ? '' : '^'}${set.replace(/(.)(?:-(.))?/gsu, range)}]`;
  });
}

function range(text: string, from: string, to?: string): string {
  if (to === undefined) return [...text].map(literal).join('');
  if (codePoint(from) > codePoint(to)) throw new Error(`the range "${text}" is empty`);
  return `${literal(from)}-${literal(to)}`;
}

function literal(character: string): string {
  return `\\u{${codePoint(character).toString(16)}}`;
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
