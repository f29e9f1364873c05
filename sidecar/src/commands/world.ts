import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { WAITS, type Waits } from '../lifecycle/waits.ts';
import type { World } from '../lifecycle/world.ts';
import type { Environment } from '../settings/parse.ts';

/** The real clock, the real chance, and the node and the pod that this runs in. */
export function realWorld(environment: Environment, waits: Waits = WAITS): World {
  return {
    now: () => Date.now(),
    uptime: () => Number(process.hrtime.bigint() / 1_000_000n),
    random: () => Math.random(),
    newId: () => randomBytes(8).toString('hex'),
    async sleep(milliseconds, ...until) {
      await setTimeout(milliseconds, undefined, { signal: AbortSignal.any(until) }).catch(() => {});
    },
    pause: () => setImmediate(),
    waits,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    podName: environment.HOSTNAME || hostname(),
  };
}
