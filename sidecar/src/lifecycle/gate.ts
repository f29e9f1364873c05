import { access, constants, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from '../settings.ts';
import { EXIT, Fatal } from './exit.ts';

type Files = Pick<Settings, 'READY_FILE' | 'STOPPING_FILE'>;

/**
 * Forgets what an earlier container of the pod left in a volume for `/tmp`: it says nothing about this one. Comes before
 * all that may fail, and before anybody looks for STOPPING.
 */
export async function closeGate(files: Files): Promise<void> {
  for (const name of ['READY_FILE', 'STOPPING_FILE'] as const) {
    await rm(files[name], { force: true }).catch((error) => {
      throw unusable(name, files[name], error);
    });
  }
}

/** Whether the gate will open, asked before the restore. READY itself must not exist for a moment. */
export async function checkGate({ READY_FILE }: Files): Promise<void> {
  await access(dirname(READY_FILE), constants.W_OK | constants.X_OK).catch((error) => {
    throw unusable('READY_FILE', READY_FILE, error);
  });
}

/** Lets the application start. */
export async function openGate({ READY_FILE }: Files): Promise<void> {
  await writeFile(READY_FILE, '');
}

function unusable(name: string, path: string, error: Error): Fatal {
  return new Fatal(
    EXIT.settings,
    'settings',
    `${name} is "${path}", which can't be written (${error.message}): mount an emptyDir at its directory.`,
  );
}
