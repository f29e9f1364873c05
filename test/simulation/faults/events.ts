import { lineageName } from '../../../sidecar/src/lineage/names.ts';
import type { Cluster } from '../world/cluster.ts';
import { Container } from '../world/container.ts';
import type { Pod } from '../world/pod.ts';
import { SET } from '../world/rules.ts';
import type { Outcome, Step } from '../world/step.ts';
import { hashRequest } from './requests.ts';
import { addForeign, addLegacy } from './setup.ts';

/** Kinds of faults. A schedule has some of them, so that those that stop everything leave room for the others. */
export const FAMILIES = [
  'links',
  'crashes',
  'power',
  'loss',
  'ends',
  'container ends',
  'undone',
  'shrunk',
  'wiped',
  'others',
  'full',
  'dead clients',
  'requests',
  'clocks',
  'unread',
  'replaced',
  'adopted',
] as const;

export type Family = (typeof FAMILIES)[number];

/** Something that a schedule may choose. `choice` is a number that chooses within it. */
export interface Event {
  readonly weight: number;
  readonly family?: Family;
  apply(cluster: Cluster, pod: Pod, choice: number): Promise<void> | void;
}

const MOST_PODS = 4;
const LONG = 24;
const BURST = 8;
const DAY_MS = 86_400_000;
const OUTCOMES: readonly Outcome[] = ['cut', 'lost', 'lost', 'cut', 'locked', 'lost', 'cut', 'person'];

/** From what happens anyway to what is rare. */
export const EVENTS: readonly Event[] = [
  { weight: 20, apply: (cluster, pod, choice) => advance(cluster, pod, 1 + (choice % BURST), choice >> 3) },
  { weight: 10, apply: (cluster, pod) => advance(cluster, pod, LONG, 0) },
  { weight: 8, apply: write },
  { weight: 5, apply: (cluster, _pod, choice) => addPod(cluster, choice, false) },
  { weight: 2, family: 'requests', apply: (cluster, _pod, choice) => addPod(cluster, choice, true) },
  { weight: 1, family: 'adopted', apply: addFiles },
  { weight: 4, family: 'ends', apply: end },
  { weight: 2, family: 'ends', apply: (_cluster, pod) => (pod.isRunning ? pod.prestop() : undefined) },
  {
    weight: 3,
    family: 'links',
    apply: (cluster, pod, choice) => fail(cluster, pod, OUTCOMES[choice % 8] ?? 'cut', choice >> 3),
  },
  {
    weight: 2,
    family: 'crashes',
    apply: (_cluster, pod, choice) => pod.crash(choice % 2 ? 'what it asked for' : undefined),
  },
  { weight: 2, family: 'container ends', apply: (_cluster, pod) => pod.terminateContainer() },
  {
    weight: 2,
    family: 'power',
    apply: (_cluster, pod) => (pod.volume.wasUsed || pod.container ? pod.losePower() : undefined),
  },
  { weight: 2, family: 'loss', apply: (_cluster, pod, choice) => pod.lose(UNHEARD[choice % 3]) },
  { weight: 2, family: 'undone', apply: (_cluster, pod) => pod.undo() },
  { weight: 1, family: 'shrunk', apply: (_cluster, pod) => (pod.isRunning ? pod.change(true) : undefined) },
  { weight: 1, family: 'wiped', apply: wipe },
  { weight: 2, family: 'dead clients', apply: (_cluster, pod, choice) => pod.crash(UNHEARD[choice % 3]) },
  {
    weight: 2,
    family: 'dead clients',
    apply: (cluster, pod, choice) => fail(cluster, pod, 'stalled', choice),
  },
  {
    weight: 3,
    family: 'dead clients',
    apply: (cluster, _pod, choice) => freeLock(cluster, choice % 2 === 1),
  },
  { weight: 1, family: 'unread', apply: (cluster, pod, choice) => fail(cluster, pod, 'incomplete', choice) },
  { weight: 1, family: 'clocks', apply: (_cluster, pod, choice) => skew(pod, choice) },
  {
    weight: 1,
    family: 'full',
    apply: ({ repository }) => {
      repository.full = !repository.full;
    },
  },
  { weight: 1, family: 'others', apply: addOther },
  {
    weight: 1,
    family: 'replaced',
    apply: replace,
  },
];

const UNHEARD = [undefined, 'what it asked for', 'its commit, later'] as const;

/** The link of a pod's next command fails in a certain way. */
async function fail(cluster: Cluster, pod: Pod, outcome: Outcome, choice: number): Promise<void> {
  const steps = pod.container?.runs ? pod.container.steps.filter(({ op }) => isCommand(op)) : [];
  const step = steps[choice % Math.max(1, steps.length)];
  if (step !== undefined) {
    await cluster.run(step, outcome);
  }
}

function isCommand(op: string): boolean {
  return /^(?:list|create|commit|delete|extract)/.test(op);
}

/** A pod does some steps while all others pause. */
async function advance(cluster: Cluster, pod: Pod, count: number, choice: number): Promise<void> {
  for (let taken = 0; taken < count && cluster.violation === undefined; taken += 1) {
    const { container } = pod;
    if (pod.mayStart) {
      await cluster.start(pod);
      continue;
    }
    if (container === undefined || !container.runs) {
      return;
    }
    if (container.deadlineMs < cluster.nowMs) {
      cluster.passDeadline(container);
    }
    const step = pick(container.steps, choice >> (taken % 3));
    if (step === undefined || (step.op === 'wait' && taken > 0 && count < LONG)) {
      return;
    }
    await cluster.run(step);
    if (step.op === 'wait' && count === LONG) {
      return;
    }
  }
}

function pick(steps: readonly Step[], choice: number): Step | undefined {
  return steps[choice % Math.max(1, steps.length)];
}

function write(_cluster: Cluster, pod: Pod): void {
  if (pod.isRunning) {
    pod.change();
  }
}

function addPod(cluster: Cluster, choice: number, requested: boolean): void {
  if (cluster.pods.filter(({ isGone }) => !isGone).length >= MOST_PODS || cluster.pods.length > 9) {
    return;
  }
  const archives = cluster.repository.archives.filter(({ kind }) => kind !== 'claim' && kind !== 'close');
  const archive = archives[choice % Math.max(1, archives.length)];
  const request = requested && archive ? hashRequest(choice & 64 ? archive.time : archive.name) : undefined;
  cluster.addPod({ request });
}

/** A pod whose volume has files already. */
function addFiles(cluster: Cluster): void {
  if (cluster.pods.length <= MOST_PODS) {
    cluster.addPod({ onNonemptyVolume: 'adopt' }).change();
  }
}

async function end(cluster: Cluster, pod: Pod, choice: number): Promise<void> {
  if (!pod.isStopping && !pod.isGone) {
    if (choice % 2) {
      pod.prestop();
      await advance(cluster, pod, (choice >> 1) & 7, 0);
      write(cluster, pod);
    }
    pod.terminate();
  } else if (pod.container?.runs && choice % 4 === 0) {
    cluster.passDeadline(pod.container);
  }
}

/** The application deletes the marker, all else, or both; or it begins anew. */
function wipe(cluster: Cluster, pod: Pod, choice: number): void {
  if (choice % 4 !== 0) {
    pod.wipe(choice % 4 === 3);
  } else if (pod.isRunning) {
    cluster.note?.(pod.name, 'the marker is deleted', undefined);
    pod.volume.marker = undefined;
  }
  if (choice % 4 === 2) {
    write(cluster, pod);
  }
}

/** The server finds out that a client is gone. */
export function freeLock({ repository, note }: Cluster, commits: boolean): void {
  const { lock, readers } = repository;
  for (const reader of readers) {
    if (reader instanceof Container && !reader.runs) {
      readers.delete(reader);
    }
  }
  if (lock?.gone) {
    note?.('--', 'the server frees the lock', commits ? 'and commits' : undefined);
    repository.lock = undefined;
    if (commits) {
      lock.commit?.();
    }
  }
}

/**
 * Somebody puts another repository into the place of the one that all have seen, while nobody talks to it: a command that
 * finds out only by its answer has already done there what it was to do.
 */
function replace({ repository, pods, note }: Cluster, _pod: Pod, choice: number): void {
  if (choice % 4 === 0) {
    note?.('--', 'another repository is put there', undefined);
    for (const pod of pods) {
      pod.crash();
    }
    repository.replace();
  }
}

function skew(pod: Pod, choice: number): void {
  pod.skewMs = ((choice % 61) - 30) * DAY_MS;
}

function addOther(cluster: Cluster, _pod: Pod, choice: number): void {
  const { repository } = cluster;
  if (repository.lock !== undefined) {
    return;
  }
  const name =
    [
      String(1_700_000_000 + repository.commits),
      `${1_700_000_000 + repository.commits}-exit`,
      lineageName(SET, 1 + ((choice >> 2) % 12)),
      'photos',
    ][choice % 4] ?? '';
  if (!repository.has(name)) {
    (choice % 4 < 2 ? addLegacy : addForeign)(cluster, name);
  }
}
