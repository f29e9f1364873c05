import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { execa } from 'execa';
import { borgClient, executable } from '../test/support/paths.ts';

/** Where figures come from: without it they say nothing. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export async function machine(litestream: string): Promise<Machine> {
  const [processor] = cpus();
  const [borg, ssh, restic, rsync, tar] = await Promise.all([
    firstLine(executable(borgClient), '--version'),
    firstLine('ssh', '-V'),
    firstLine('restic', 'version'),
    firstLine('rsync', '--version'),
    firstLine('tar', '--version'),
  ]);
  return {
    processor: processor?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${distribution()}, Linux ${release()}`,
    versions: { Node: process.version, Borg: borg, ssh, restic, rsync, tar, litestream },
  };
}

async function firstLine(file: string, argument: string): Promise<string> {
  const { all, failed } = await execa(file, [argument], { reject: false, all: true });
  return failed ? 'missing' : (all.split('\n', 1)[0] ?? '').trim();
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
