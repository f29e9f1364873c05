/** How long a wait may last before it fails. Never a pause: nothing waits for its limit on the good path. */
export type Limit = `${number}${'ms' | 's' | 'm'}`;

export function milliseconds(limit: Limit): number {
  const [, amount, unit] = /^([\d.]+)(ms|s|m)$/.exec(limit) ?? [];
  if (amount === undefined)
    throw new TypeError(`"${limit}" is no limit: expected one such as 500ms, 30s or 2m.`);
  return Number(amount) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000);
}

/** Settles as `promise` does, or rejects with `describe()` once the limit has passed. */
export async function within<T>(promise: Promise<T>, limit: Limit, describe: () => string): Promise<T> {
  const { promise: passed, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Not within ${limit}: ${describe()}`)),
    milliseconds(limit),
  );
  try {
    return await Promise.race([promise, passed]);
  } finally {
    clearTimeout(timer);
  }
}
