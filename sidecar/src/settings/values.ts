import type { Kind } from './kinds.ts';

/** The name of a set, which also begins the names of its archives. */
export const archiveName: Kind<string> = {
  expects:
    'letters, digits, ".", "_" and "-", beginning with a letter or digit, without ".fork-" and ".checkpoint" (a directory belongs into REPO_BASE)',
  parse: (text) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) && !/\.fork-|\.checkpoint/.test(text) ? text : undefined,
};

/** Where the repositories of all sets are, in one of Borg's spellings. */
export interface RepoBase {
  /** The text without a slash at its end; a set's repository is `<location>/<set>`. */
  readonly location: string;
  /** Who is asked, or `undefined` for a mounted directory. */
  readonly server:
    | { readonly host: string; readonly port: number; readonly user?: string | undefined }
    | undefined;
}

// Braces are placeholders to Borg, so they can't stand for themselves.
const URL =
  /^ssh:\/\/(?:(?<user>[^@:/\s{}]+)@)?(?<host>\[[0-9a-fA-F:.]+\]|[^@:/[\]\s{}]+)(?::(?<port>\d{1,5}))?\/[^\s{}]*$/;
const SCP = /^(?:(?<user>[^@:/\s{}]+)@)?(?<host>\[[0-9a-fA-F:.]+\]|[^@:/[\]\s{}]+):[^\s{}]+$/;
const MOUNTED = /^\/[^\r\n{}]*$/;

/** One of the four spellings of `REPO_BASE`. */
export const repoBase: Kind<RepoBase> = {
  expects: 'user@host:/path, user@host:path, ssh://user@host:port/path, or an absolute path',
  parse(text) {
    const location = text.replace(/(?<=[^/:])\/+$/, '');
    if (MOUNTED.test(location)) {
      return { location, server: undefined };
    }
    const { user, host, port } =
      (URL.exec(location) ?? (location.includes('://') ? null : SCP.exec(location)))?.groups ?? {};
    if (host === undefined || Number(port ?? 22) > 65_535) {
      return undefined;
    }
    return { location, server: { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? 22), user } };
  },
};

/** Borg's `--compression`. */
export const compression: Kind<string> = {
  expects: "Borg's none, lz4, zstd[,1-22], zlib[,0-9], lzma[,0-9], with auto, or obfuscate,SPEC, before it",
  parse: (text) =>
    /^(?:obfuscate,\d{1,3},)?(?:auto,)?(?:none|lz4|zstd(?:,(?:[1-9]|1\d|2[0-2]))?|(?:zlib|lzma)(?:,\d)?)$/.test(
      text,
    )
      ? text
      : undefined,
};

/** Borg's `--chunker-params`, or `auto`. */
export const chunkerParams: Kind<string> = {
  expects: "auto, or Borg's fixed,SIZE[,HEADER], buzhash,MIN,MAX,MASK,WINDOW or default",
  parse: (text) =>
    /^(?:auto|default|fixed,[1-9]\d{0,9}(?:,\d{1,10})?|(?:buzhash,)?\d{1,2},\d{1,2},\d{1,2},\d{1,5})$/.test(
      text,
    )
      ? text
      : undefined,
};

/** Relative directories, one a line or separated by commas. */
export const directories: Kind<readonly string[]> = {
  expects: 'relative paths below the volume, without ".."',
  parse(text) {
    const paths = text
      .split(/[\n,]/)
      .map((path) => path.trim().replace(/(?<=.)\/+$/, ''))
      .filter((path) => path !== '');
    const fine = paths.every(
      (path) => !path.startsWith('/') && !path.split('/').some((part) => part === '..' || part === ''),
    );
    return fine ? paths : undefined;
  },
};

/** Patterns in Borg's styles, one a line; `volume/exclude.ts` reads them. */
export const excludePatterns: Kind<string> = {
  expects: "one pattern a line in Borg's styles fm:, sh:, pp: or pf: (re: is not supported)",
  parse: (text) => text,
};
