import fc from 'fast-check';
import { watch } from '../checkers/all.ts';
import { Cluster, type Mutation } from '../world/cluster.ts';
import { EVENTS, FAMILIES } from './events.ts';
import { heal } from './heal.ts';
import { addData, addLegacy } from './setup.ts';

/** What happens, as numbers: what is there at first, which families of faults, how it ends, and each event. */
export interface Schedule {
  readonly setup: number;
  readonly families: number;
  readonly ending: number;
  readonly events: readonly number[];
}

const CHOICES = 1 << 12;
const MOST_EVENTS = 60;

const TABLE = EVENTS.flatMap((event) => new Array<typeof event>(event.weight).fill(event));

/** Small numbers are the simple choices, so that a schedule shrinks to what matters. */
export function schedules(): fc.Arbitrary<Schedule> {
  return fc.noBias(
    fc.record({
      setup: fc.nat(63),
      families: fc.nat((1 << FAMILIES.length) - 1),
      ending: fc.nat(63),
      events: fc.array(fc.nat(TABLE.length * CHOICES - 1), { maxLength: MOST_EVENTS, size: 'max' }),
    }),
  );
}

/** Plays a schedule from an empty world to its healing. */
export async function play(
  schedule: Schedule,
  mutation: Mutation = {},
  prepare?: (cluster: Cluster) => void,
): Promise<Cluster> {
  const cluster = begin(schedule, mutation);
  prepare?.(cluster);
  for (const number of schedule.events) {
    await apply(cluster, number, schedule.families);
    if (cluster.violation !== undefined) {
      return cluster;
    }
  }
  await heal(cluster, schedule.ending);
  return cluster;
}

function begin({ setup }: Schedule, mutation: Mutation): Cluster {
  const keep = [{ secondly: 1 }, { secondly: 3 }, { daily: 1 }, undefined][(setup >> 2) & 3];
  const cluster = new Cluster({ keep, handoverTimeoutMs: setup & 16 ? 0 : 90_000 }, mutation);
  watch(cluster);
  const there = setup & 3;
  if (there === 2) {
    addLegacy(cluster, '1699999999');
  }
  for (let sequence = 1; sequence <= ([1, 0, 0, 4][there] ?? 0); sequence += 1) {
    addData(cluster, sequence, setup & 32 ? { final: false, closing: false } : {});
  }
  cluster.addPod();
  return cluster;
}

async function apply(cluster: Cluster, number: number, families: number): Promise<void> {
  const event = TABLE[Math.floor(number / CHOICES)];
  const choice = number % CHOICES;
  const pods = cluster.pods.filter(({ isGone }) => !isGone);
  const pod = pods[(choice % 4) % Math.max(1, pods.length)] ?? cluster.addPod();
  const { family } = event ?? {};
  const happens = family === undefined || (families >> FAMILIES.indexOf(family)) & 1;
  await (happens ? event : TABLE[0])?.apply(cluster, pod, choice >> 2);
}
