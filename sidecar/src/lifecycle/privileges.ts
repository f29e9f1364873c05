import { access, chown, constants, mkdir, readFile } from 'node:fs/promises';
import type { Settings } from '../settings.ts';
import type { Self } from '../volume/owners.ts';
import { EXIT, Fatal } from './exit.ts';

type Dropping = Pick<Settings, 'STATE_DIR' | 'DATA_DIR' | 'USER_UID' | 'USER_GID'>;

/**
 * Makes the directories and, started as root with `USER_UID`, becomes that user: for good, with no way back. Whatever
 * only root may read must have been read before.
 */
export async function dropPrivileges(settings: Dropping): Promise<void> {
  const { STATE_DIR, USER_UID, USER_GID = USER_UID } = settings;
  await mkdir(STATE_DIR, { recursive: true, mode: 0o700 }).catch((error) => {
    throw unusable('STATE_DIR', STATE_DIR, 'made', error);
  });
  if (process.getuid?.() === 0 && USER_UID !== undefined && USER_GID !== undefined && USER_UID !== 0) {
    await giveAway(settings, USER_UID, USER_GID);
    process.setgroups?.([USER_GID]);
    process.setgid?.(USER_GID);
    process.setuid?.(USER_UID);
  }
  // Under a read-only root it is there without a volume, and what fails then would not name it.
  await access(STATE_DIR, constants.W_OK | constants.X_OK).catch((error) => {
    throw unusable('STATE_DIR', STATE_DIR, 'written', error);
  });
}

async function giveAway(settings: Dropping, uid: number, gid: number): Promise<void> {
  for (const name of ['STATE_DIR', 'DATA_DIR'] as const) {
    const path = settings[name];
    await chown(path, uid, gid).catch((error) => {
      if (error.code === 'EROFS') {
        throw unusable(name, path, 'written', error);
      }
      throw new Fatal(
        EXIT.settings,
        'settings',
        `${path} can't be given to USER_UID ${uid} (${error.message}): give the container the capability CHOWN, or run it as that user.`,
      );
    });
  }
}

function unusable(name: string, path: string, act: 'made' | 'written', error: Error): Fatal {
  return new Fatal(
    EXIT.settings,
    'settings',
    `${name} is "${path}", which can't be ${act} (${error.message}): mount an emptyDir there.`,
  );
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
