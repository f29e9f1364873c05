/** A user without an entry in /etc/passwd, and without any right of root's. */
export const OTHER_USER = 54_321;

/** Why a test that becomes somebody else, or gives files away, can't run here; `false` where it can. */
export const needsRoot = process.geteuid?.() === 0 ? false : 'only root can be somebody else';

/** Acts with the rights of an ordinary user: another one for root, which nothing is denied, else oneself. */
export async function unprivileged<T>(act: () => T | Promise<T>): Promise<T> {
  const own = process.geteuid?.() ?? OTHER_USER;
  process.seteuid?.(own === 0 ? OTHER_USER : own);
  try {
    return await act();
  } finally {
    process.seteuid?.(own);
  }
}
