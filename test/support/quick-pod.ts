import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chown, lstat, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilNoneUses } from './orphans.ts';
import { Pod, type PodOptions, type Terminated } from './pod.ts';
import { until } from './until.ts';

/** The program with short waits, for a pod's `entry`. */
export const quickMain = fileURLToPath(new URL('./quick-main.ts', import.meta.url));

/** A pod that saves each second, which is as often as it can be told to. */
export async function quickPod(options: PodOptions): Promise<Pod> {
  return await Pod.create({ ...options, env: { BACKUP_INTERVAL: '1s', ...options.env } });
}

type Mounted = PodOptions['server'] & { readonly reposDir: string };

/**
 * The same with the repository mounted: for what does not hang on ssh, which is three quarters of what a borg command
 * costs here.
 */
export async function mountedPod({ env, ...options }: PodOptions & { server: Mounted }): Promise<Pod> {
  return await quickPod({ ...options, env: { REPO_BASE: options.server.reposDir, ...env } });
}

/** Waits until the gate is open and the first look after it is over: no change from now on is seen before the next. */
export async function untilLive(pod: Pod): Promise<void> {
  await pod.event('gate.opened');
  const looks = () => pod.lines.slice(pod.lines.findIndex(({ event }) => event === 'gate.opened'));
  await until(looks, (lines) => lines.some(({ event }) => event === 'looked'));
}

/**
 * Puts a file into the volume as its owner would, in one step: a look that comes meanwhile finds the volume before it or
 * after it.
 */
export async function put(pod: Pod, name: string, content: string | Buffer): Promise<void> {
  const aside = join(pod.dir, 'put');
  const { uid, gid } = await lstat(pod.dataDir);
  await writeFile(aside, content);
  await chown(aside, uid, gid);
  await rename(aside, join(pod.dataDir, name));
}

/** The archives that the container says it has saved, one after the other. */
export function savedBy(pod: Pod): unknown[] {
  return pod.seen('save.done').map(({ archive }) => archive);
}

/** Waits until the container's newest archive is saved and what it makes superfluous is deleted: it is at rest. */
export async function untilTidy(pod: Pod): Promise<void> {
  await pod.event('save.done');
  await pod.event('deleted');
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
