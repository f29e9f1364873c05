import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilNoneUses } from './orphans.ts';
import { Pod, type PodOptions, type Terminated } from './pod.ts';

/** The program with short waits, for a pod's `entry`. */
export const quickMain = fileURLToPath(new URL('./quick-main.ts', import.meta.url));

/** A pod that saves each second, which is as often as it can be told to. */
export async function quickPod(options: PodOptions): Promise<Pod> {
  return await Pod.create({ ...options, env: { BACKUP_INTERVAL: '1s', ...options.env } });
}

/** SIGTERM ends the pod with everything saved and nothing left behind. */
export async function endsClean(pod: Pod, set: string): Promise<Terminated> {
  const terminated = await pod.terminate();
  assert.equal(terminated.exitCode, 0, pod.log.tail());
  await leavesNothing(pod, set);
  return terminated;
}

/**
 * After the container's end: no process of it, no READY, and in the volume only the marker beside what the test wrote
 * there, which all begins with the set's name.
 */
export async function leavesNothing(pod: Pod, set: string): Promise<void> {
  await untilNoneUses(pod.dir);
  assert.equal(existsSync(pod.readyFile), false, 'READY is still there');
  const others = (await readdir(pod.dataDir)).filter((name) => !name.startsWith(set));
  assert.deepEqual(
    others.filter((name) => name !== '.borg-volume-sync'),
    [],
  );
  const ours = join(pod.dataDir, '.borg-volume-sync');
  if (existsSync(ours)) assert.deepEqual(await readdir(ours), ['state.json']);
}
