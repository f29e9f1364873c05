import { readdirSync, readFileSync } from 'node:fs';

/** The process ids of the `borg serve` that this server's sshd has started, known by their environment. */
export function sessions(hostId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(`BORG_HOST_ID=${hostId}\0`))
    .map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It is gone, or somebody else's.
    return '';
  }
}
