import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export type LocalBorgOptions = {
  passphrase?: string | undefined;
  /** Where to run; `extract` writes there. */
  cwd?: string;
  /** Exit codes that are no failure, beside 0. */
  allow?: number[];
};

export type LocalBorgResult = { exitCode: number; stdout: string; stderr: string };

export type LocalBorg = { borg: string; repository: string; scratch: string };

// Borg looks ten times in this time.
const LOCK_WAIT_S = '10';

/**
 * Runs Borg on a repository on this machine's disk. Each call has a base directory of its own, so that assertions
 * neither wait for one another nor remember a state that a test has rolled back.
 */
export async function runLocalBorg(
  { borg, repository, scratch }: LocalBorg,
  args: readonly string[],
  { passphrase, cwd = scratch, allow = [] }: LocalBorgOptions = {},
): Promise<LocalBorgResult> {
  const base = await mkdtemp(join(scratch, 'base-'));
  try {
    const { exitCode, stdout, stderr, shortMessage } = await execa(
      borg,
      ['--lock-wait', LOCK_WAIT_S, ...args],
      {
        cwd,
        extendEnv: false,
        env: {
          ...environment(base, repository),
          ...(passphrase === undefined ? {} : { BORG_PASSPHRASE: passphrase }),
        },
        stdin: 'ignore',
        reject: false,
        timeout: 120_000,
        maxBuffer: 1_000_000_000,
      },
    );
    if (exitCode === undefined || (exitCode !== 0 && !allow.includes(exitCode))) {
      throw new Error(`${shortMessage ?? 'borg failed'} (BORG_REPO=${repository})\n${stderr}`);
    }
    return { exitCode, stdout, stderr };
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

function environment(base: string, repository: string): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: base,
    BORG_BASE_DIR: base,
    BORG_REPO: repository,
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    BORG_SELFTEST: 'disabled',
    BORG_EXIT_CODES: 'modern',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
  };
}
