import { absolutePath, duration, integer, type Kind, quantity } from '../settings/kinds.ts';
import { archiveName } from '../settings/values.ts';

/** The options of `serve` as they were typed, or set in the environment. */
export interface ServeOptions {
  readonly repositories: string;
  readonly keys: string;
  readonly port: string;
  readonly grace: string;
  readonly appendOnly?: string;
  readonly quota?: string;
}

/** What a set's key may do beside reading and adding. */
export interface Restrictions {
  /** The volume: one repository a set. */
  readonly repositories: string;
  /** The sets whose repositories only grow, or `all`. */
  readonly appendOnly: ReadonlySet<string> | 'all';
  /** Bytes that a repository may hold, for sets and for all others. */
  readonly quotas: ReadonlyMap<string, number>;
  readonly quota: number | undefined;
}

/** The options, checked. */
export interface Serving extends Restrictions {
  /** The public keys: one file a set. */
  readonly keys: string;
  readonly port: number;
  /** How long connections may take to end after SIGTERM, in milliseconds. */
  readonly grace: number;
}

// The path goes through a configuration file, a line of authorized_keys and a shell.
const plainPath: Kind<string> = {
  expects: 'an absolute path of letters, digits, ".", "_", "-" and "/"',
  parse: (text) => (/^\/[A-Za-z0-9._/-]*$/.test(text) ? absolutePath.parse(text) : undefined),
};

// Borg refuses a smaller one, at each connection.
const LEAST_QUOTA_BYTES = 10_000_000;

const quotaSize: Kind<number> = {
  expects: 'a size such as 20Gi or 500M, at least 10M',
  parse(text) {
    const bytes = quantity.parse(text);
    return bytes !== undefined && bytes >= LEAST_QUOTA_BYTES ? bytes : undefined;
  },
};

/** Reads all options; `serving` only where there is no problem. `stateDir` must do for sshd too. */
export function readServing(
  options: ServeOptions,
  stateDir = '/',
): { serving: Serving | undefined; problems: readonly string[] } {
  const problems: string[] = [];
  const read = <T>(name: string, kind: Kind<T>, text: string): T | undefined => {
    const value = kind.parse(text);
    if (value === undefined) {
      problems.push(`${name} is ${JSON.stringify(text)}: expected ${kind.expects}.`);
    }
    return value;
  };
  read('STATE_DIR', plainPath, stateDir);
  const serving = {
    repositories: read('--repositories', plainPath, options.repositories),
    keys: read('--keys', absolutePath, options.keys),
    port: read('--port', integer({ from: 1, to: 65_535 }), options.port),
    grace: read('--grace', duration({ atMost: 24 * 3_600_000 }), options.grace),
    appendOnly: readAppendOnly(options.appendOnly, (name) => read('--append-only', archiveName, name)),
    ...readQuotas(options.quota, read),
  };
  return { serving: problems.length === 0 ? (serving as Serving) : undefined, problems };
}

/** Sets that the options name and that no key is there for: a typing error would leave the right one without. */
export function findUnknownSets(
  { appendOnly, quotas }: Restrictions,
  sets: ReadonlyMap<string, unknown>,
): string[] {
  const named = new Set([...(appendOnly === 'all' ? [] : appendOnly), ...quotas.keys()]);
  return [...named].filter((set) => !sets.has(set));
}

function readAppendOnly(
  text: string | undefined,
  read: (name: string) => string | undefined,
): Restrictions['appendOnly'] {
  const names = words(text);
  return names.includes('all') ? 'all' : new Set(names.flatMap((name) => read(name) ?? []));
}

function readQuotas(
  text: string | undefined,
  read: <T>(name: string, kind: Kind<T>, text: string) => T | undefined,
): Pick<Restrictions, 'quotas' | 'quota'> {
  const quotas = new Map<string, number>();
  let quota: number | undefined;
  for (const word of words(text)) {
    const [, set, size = ''] = /^(?:([^=]*)=)?(.*)$/.exec(word) ?? [];
    const bytes = read('--quota', quotaSize, size);
    if (set === undefined) {
      quota = bytes;
    } else {
      quotas.set(read('--quota', archiveName, set) ?? '', bytes ?? 0);
    }
  }
  return { quotas, quota };
}

function words(text = ''): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
