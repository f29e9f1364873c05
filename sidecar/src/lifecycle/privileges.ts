import { chown, mkdir, readFile } from 'node:fs/promises';
import type { Settings } from '../settings.ts';
import type { Self } from '../volume/owners.ts';
import { EXIT, Fatal } from './exit.ts';

/**
 * Makes the directories and, started as root with `USER_UID`, becomes that user: for good, with no way back. Whatever
 * only root may read must have been read before.
 */
export async function dropPrivileges(
  settings: Pick<Settings, 'STATE_DIR' | 'DATA_DIR' | 'USER_UID' | 'USER_GID'>,
): Promise<void> {
  const { STATE_DIR, DATA_DIR, USER_UID, USER_GID = USER_UID } = settings;
  await mkdir(STATE_DIR, { recursive: true, mode: 0o700 }).catch((error) => {
    throw new Fatal(
      EXIT.settings,
      'settings',
      `STATE_DIR is "${STATE_DIR}", which can't be made (${error.message}): mount an emptyDir there.`,
    );
  });
  if (process.getuid?.() !== 0 || USER_UID === undefined || USER_GID === undefined || USER_UID === 0) {
    return;
  }
  for (const path of [STATE_DIR, DATA_DIR]) {
    await chown(path, USER_UID, USER_GID).catch((error) => {
      throw new Fatal(
        EXIT.settings,
        'settings',
        `${path} can't be given to USER_UID ${USER_UID} (${error.message}): give the container the capability CHOWN, or run it as that user.`,
      );
    });
  }
  process.setgroups?.([USER_GID]);
  process.setgid?.(USER_GID);
  process.setuid?.(USER_UID);
}

const CAP_CHOWN = 1n << 0n;
const CAP_SETFCAP = 1n << 31n;

/** Who the program is now, for the owners of restored files. */
export async function describeSelf(settings: Settings): Promise<Self> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (capability: bigint) => (effective & capability) !== 0n;
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    canChown: has(CAP_CHOWN),
    canSetAttributes: has(CAP_CHOWN) && has(CAP_SETFCAP),
    takesAll: settings.USER_UID !== undefined,
  };
}
