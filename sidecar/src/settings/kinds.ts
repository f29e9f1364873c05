/** A time span in milliseconds. */
export type Milliseconds = number;

/** A kind of value: how it is read from text, and how a person is told what is allowed. */
export interface Kind<T> {
  /** Completes the sentence "expected …". */
  readonly expects: string;
  /** The value, or `undefined` where the text is not of this kind. */
  parse(text: string): T | undefined;
}

const MILLISECONDS_PER_UNIT: Record<string, Milliseconds> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time span such as `500ms`, `30s`, `5m`, `2h` or `7d`. */
export function duration({
  atLeast = 0,
  atMost = Number.POSITIVE_INFINITY,
}: {
  atLeast?: Milliseconds;
  atMost?: Milliseconds;
} = {}): Kind<Milliseconds> {
  const least = atLeast > 0 ? `, at least ${formatDuration(atLeast)}` : '';
  const most = Number.isFinite(atMost) ? `, at most ${formatDuration(atMost)}` : '';
  return {
    expects: `a duration such as 30s, 5m or 2h${least}${most}`,
    parse(text) {
      const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
      const milliseconds = Number(count) * (MILLISECONDS_PER_UNIT[unit ?? ''] ?? Number.NaN);
      return milliseconds >= atLeast && milliseconds <= atMost ? milliseconds : undefined;
    },
  };
}

/** The shortest text that `duration` reads as the same time span. */
export function formatDuration(milliseconds: Milliseconds): string {
  const units = Object.entries(MILLISECONDS_PER_UNIT).reverse();
  const [unit, size] = units.find(([, size]) => milliseconds % size === 0 && milliseconds >= size) ?? [
    's',
    1_000,
  ];
  return `${milliseconds / size}${unit}`;
}

/** A whole number. */
export function integer({ from, to }: { from: number; to: number }): Kind<number> {
  return {
    expects: `a whole number from ${from} to ${to}`,
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= from && value <= to ? value : undefined;
    },
  };
}

/** One of a few words. */
export function choice<const Word extends string>(...words: Word[]): Kind<Word> {
  return {
    expects: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** `true` or `false`. */
export const yesOrNo: Kind<boolean> = {
  expects: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** Any text without a line break. */
export const text: Kind<string> = {
  expects: 'one line of text',
  parse: (text) => (/[\r\n\0]/.test(text) ? undefined : text),
};

/** A passphrase or a command that prints one. */
export const secret: Kind<string> = {
  expects: 'one line without a line break at its end (make the Secret with printf, not with echo)',
  parse: (value) => text.parse(value),
};

/** An address that can be called over HTTP. `fetch` takes none with a user's name in it. */
export const url: Kind<URL> = {
  expects: 'an address such as https://example.org/path, without a user or password before the host',
  parse(text) {
    const parsed = /^https?:\/\/\S+$/i.test(text) ? URL.parse(text) : null;
    return parsed !== null && parsed.username === '' && parsed.password === '' ? parsed : undefined;
  },
};

/** A path from the root of the file system. */
export const absolutePath: Kind<string> = {
  expects: 'an absolute path',
  parse: (text) => (/^\/[^\r\n\0]*$/.test(text) ? text.replace(/(?<=.)\/+$/, '') : undefined),
};

const BYTES_PER_SUFFIX: Record<string, number> = {
  ...{ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** A number of bytes, as Kubernetes writes quantities. */
export const quantity: Kind<number> = {
  expects: 'a size such as 2Gi, 1.5Gi, 500M or a number of bytes, more than 0',
  parse(text) {
    const [, count, suffix = ''] = /^(\d{1,15}(?:\.\d{1,9})?)([kMGTP]|[KMGTP]i)?$/.exec(text) ?? [];
    const bytes = Math.ceil(Number(count) * (BYTES_PER_SUFFIX[suffix] ?? Number.NaN));
    return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
  },
};

/** Text that fits an expression. */
export function pattern(expects: string, expression: RegExp): Kind<string> {
  return { expects, parse: (text) => (expression.test(text) ? text : undefined) };
}

/** A share, such as `50%`, as a number from 0 to 1. */
export const percentage: Kind<number> = {
  expects: 'a percentage from 0% to 100%',
  parse(text) {
    const share = /^\d{1,3}%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN;
    return share <= 1 ? share : undefined;
  },
};

/** A point in time in ISO 8601, as milliseconds since 1970. */
export const moment: Kind<number> = {
  expects: 'a time with its zone, such as 2026-11-23T21:30:00Z',
  parse(text) {
    const [, year, month, day] = MOMENT.exec(text) ?? [];
    // Date.parse takes the 31st of February for the 3rd of March.
    const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
    const milliseconds = Number(day) <= daysOfMonth ? Date.parse(text) : Number.NaN;
    return Number.isNaN(milliseconds) ? undefined : milliseconds;
  },
};

const MOMENT = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
