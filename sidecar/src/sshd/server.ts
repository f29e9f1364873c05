import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Logger } from '../log.ts';
import { accountVariables } from '../ssh/passwd.ts';
import { Admission } from './admission.ts';
import { sshdConfig } from './config.ts';
import { removeDeadLocks } from './dead-locks.ts';
import { readHostId } from './host-id.ts';
import { type HostKey, prepareHostKey } from './host-key.ts';
import { type Instance, takeInstance } from './instance.ts';
import type { Serving } from './options.ts';
import { openOwnDirectory, writeWhole } from './own-files.ts';
import { levelOf } from './said.ts';
import { SSHD, Sshd } from './sshd.ts';

/** How long a server waits for the one before it, in seconds. */
const PATIENCE = 60;

/** What a server works with beside its options. */
export interface Surroundings {
  readonly stateDir: string;
  /** The `PATH` on which sessions find borg. */
  readonly path: string;
  readonly log: Logger;
  /** Gives an id that nobody else has. */
  readonly newId: () => string;
  /** Aborted when the server has been told to end. */
  readonly ending: AbortSignal;
}

/** Serves until `ending`. Returns how sshd ended, if it did so by itself. */
export async function serveUntil(serving: Serving, surroundings: Surroundings): Promise<string | undefined> {
  const { log, ending } = surroundings;
  const directory = join(surroundings.stateDir, 'sshd');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const admission = new Admission(serving, join(directory, 'authorized_keys'), log);
  await admission.open();
  const own = await openOwnDirectory(serving.repositories, process.getuid?.() ?? 0);
  const instance = await becomeInstance(own, surroundings);
  try {
    const sshd = await start(serving, own, directory, surroundings);
    using _ = admission.follow();
    const end = await Promise.race([sshd.ended, aborted(ending)]);
    log.info({ event: 'server.ending' }, 'No new connection is taken; those that are there may end.');
    const late = await sshd.stop(serving.grace);
    if (late > 0) {
      const message = `Sessions had not ended after ${serving.grace / 1_000} s and were cut off: their last transaction is rolled back.`;
      log.warn({ event: 'server.cut', processes: late }, message);
    }
    return end;
  } finally {
    await instance.give();
  }
}

async function becomeInstance(own: string, { log, ending }: Surroundings): Promise<Instance> {
  return await takeInstance(own, {
    patience: PATIENCE,
    onWait: () =>
      log.info(
        { event: 'server.waiting' },
        `Another server still uses the volume of ${own}: its end is waited for, ${PATIENCE} s at most.`,
      ),
    signal: ending,
  });
}

/** The volume is this server's alone from here on. */
async function start(
  serving: Serving,
  own: string,
  directory: string,
  { stateDir, path, log, newId }: Surroundings,
): Promise<Sshd> {
  const hostId = await readHostId(own, newId);
  const locked = await removeDeadLocks(serving.repositories, hostId);
  if (locked.length > 0) {
    const message = `Locks that this server's last container had left were removed: ${locked.join(', ')}.`;
    log.info({ event: 'server.unlocked', sets: locked }, message);
  }
  // One entry for every user: what a login is called, and that it has a shell, never depends on the image's own.
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const variables = await accountVariables(directory, { uid, gid, shell: '/bin/sh' });
  const hostKey = await prepareHostKey(own, directory, variables);
  const config = join(directory, 'sshd_config');
  const text = sshdConfig({
    port: serving.port,
    hostKey: hostKey.path,
    authorizedKeys: join(directory, 'authorized_keys'),
    environment: {
      PATH: path,
      LANG: 'C.UTF-8',
      BORG_BASE_DIR: join(stateDir, 'borg-serve'),
      BORG_HOST_ID: hostId,
    },
    version: (await execa(SSHD, ['-V'], { reject: false })).stderr,
  });
  await writeWhole(config, text);
  const sshd = await Sshd.start({
    ...{ config, hostId, environment: { PATH: path, ...variables } },
    onLine: (line) => log[levelOf(line)]({ event: 'sshd' }, line),
  });
  tellListening(log, serving, hostKey);
  return sshd;
}

function tellListening(
  log: Logger,
  { port, repositories }: Serving,
  { fingerprint, knownHosts }: HostKey,
): void {
  log.info(
    { event: 'server.listening', port, fingerprint, knownHosts },
    `Serving ${repositories} on port ${port} with the host key ${fingerprint}; for known_hosts: ${knownHosts}`,
  );
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  return signal.aborted ? undefined : await promise;
}
