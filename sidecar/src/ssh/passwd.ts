import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** The name that a user without a passwd entry gets: whom ssh logs in as where `REPO_BASE` names nobody. */
export const FALLBACK_USER = 'borg';

/** The user's name for children that ask the environment. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return FALLBACK_USER;
  }
}

/**
 * Variables that give a user without a passwd entry one, since ssh refuses to run without. Only for ssh and its tools.
 */
export async function passwdVariables(
  directory: string,
  uid: number,
  gid: number,
): Promise<Record<string, string>> {
  return hasPasswdEntry() ? {} : await accountVariables(directory, { uid, gid, shell: '/bin/false' });
}

/** An entry of the user database. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly shell: string;
}

/** Variables under which `FALLBACK_USER` is the only user that there is; its home is `directory`. */
export async function accountVariables(
  directory: string,
  { uid, gid, shell }: Account,
): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const passwd = join(directory, 'passwd');
  const group = join(directory, 'group');
  await writeFile(passwd, `${FALLBACK_USER}:x:${uid}:${gid}::${directory}:${shell}\n`);
  await writeFile(group, `${FALLBACK_USER}:x:${gid}:\n`);
  return { LD_PRELOAD: 'libnss_wrapper.so', NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}

function hasPasswdEntry(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}
