import { processesUsing, untilNoneUses } from './orphans.ts';
import { signal } from './processes.ts';

/** Fails unless the agents of a directory end by themselves; then ends them, or the test run never would. */
export async function untilAgentsEnd(directory: string): Promise<void> {
  try {
    await untilNoneUses(directory);
  } finally {
    for (const { pid } of processesUsing(directory)) {
      signal(pid, 'SIGKILL');
    }
  }
}
