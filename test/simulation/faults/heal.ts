import { findObstacle } from '../checkers/gate.ts';
import type { Cluster } from '../world/cluster.ts';
import { Container } from '../world/container.ts';
import { HALF, nameState } from '../world/content.ts';
import type { Pod } from '../world/pod.ts';
import { highest } from '../world/repository.ts';
import { runFairly } from './fair.ts';

/** What becomes of the older pods once the faults end. */
const ENDINGS = ['lost', 'ended', 'writing', 'writing, prestop'] as const;

const LIMIT = 400;
const WRITE_EACH = 12;
/** Who has less until its deadline may miss it. */
const TIME_TO_SAVE_MS = 120_000;

/** The faults end: whatever has happened, one clean start becomes ready, sees the newest data, and saves. */
export async function heal(cluster: Cluster, ending: number): Promise<void> {
  const { repository } = cluster;
  cluster.note?.('--', 'the faults end', undefined);
  repository.full = false;
  freeDeadLocks(cluster);
  const how = ENDINGS[ending % ENDINGS.length] ?? 'lost';
  await settleOlder(cluster, how);
  if (cluster.violation !== undefined) {
    return;
  }
  const pod = cluster.addPod();
  let taken = 0;
  const isReady = () => {
    taken += 1;
    if (how.startsWith('writing') && taken % WRITE_EACH === 0) {
      for (const each of cluster.pods.filter((each) => each !== pod && mayWrite(each))) {
        each.change();
      }
    }
    return pod.isRunning || pod.container?.end !== undefined;
  };
  const done = await runFairly(cluster, isReady, { limit: LIMIT });
  if (cluster.violation !== undefined) {
    return;
  }
  if (!pod.isRunning) {
    const why = pod.container?.end?.why ?? `${done ? '' : 'not '}done`;
    if (findObstacle(repository.archives) === undefined || pod.container?.end?.code !== 3) {
      cluster.break_('once the faults end, a clean start becomes ready', `${pod.name}: ${why}`);
    }
    return;
  }
  await saveAndEnd(cluster, pod, how);
}

/** Whether it goes on writing. A container that ends saves each change at once until its deadline, and steps take no time. */
function mayWrite({ isRunning, container }: Pod): boolean {
  return isRunning && container?.ending.sigterm !== true;
}

/** Only pods whose application runs go on beside the new one: another start would be newer than it. */
async function settleOlder(cluster: Cluster, how: (typeof ENDINGS)[number]): Promise<void> {
  const older = cluster.pods.filter(({ isGone }) => !isGone);
  for (const pod of older) {
    if (how === 'lost' || !pod.isRunning) {
      if (!pod.isStopping || how === 'lost' || !pod.runs) {
        pod.lose();
      }
    } else if (how === 'writing, prestop') {
      pod.prestop();
    } else if (how === 'ended') {
      pod.terminate();
    }
  }
  freeDeadLocks(cluster);
  const stopping = older.filter(({ isGone, isStopping }) => !isGone && isStopping);
  await checkEnds(cluster, stopping);
}

async function checkEnds(cluster: Cluster, pods: readonly Pod[]): Promise<void> {
  const { nowMs } = cluster;
  const running = pods.filter(({ runs }) => runs);
  const late = new Set(
    pods.filter(({ container }) => (container?.deadlineMs ?? 0) < nowMs + TIME_TO_SAVE_MS),
  );
  await runFairly(cluster, () => pods.every(({ isGone }) => isGone), { limit: LIMIT });
  for (const pod of running) {
    const { end, host } = pod.container ?? {};
    if (end === undefined && !pod.isGone) {
      cluster.break_('once the faults end, a pod that is told to end ends', pod.name);
    } else if (
      end !== undefined &&
      end.code !== 0 &&
      host?.ready &&
      !late.has(pod) &&
      !mayFail(cluster, pod)
    ) {
      cluster.break_('once the faults end, everything is saved', `${pod.name} exits ${end.code}: ${end.why}`);
    }
  }
}

/** Not a volume any more, or not of this repository. */
function mayFail({ repository }: Cluster, { volume }: Pod): boolean {
  const { marker, content, record } = volume;
  const repo = marker?.repo ?? record?.marker.repo;
  return (
    content === HALF ||
    (marker === undefined && content.files === 0) ||
    (repo !== undefined && repo !== repository.id)
  );
}

/** The server has noticed who is gone. */
function freeDeadLocks({ repository }: Cluster): void {
  if (repository.lock?.gone) {
    repository.lock = undefined;
  }
  for (const reader of repository.readers) {
    if (reader instanceof Container && !reader.runs) {
      repository.readers.delete(reader);
    }
  }
}

async function saveAndEnd(cluster: Cluster, pod: Pod, how: string): Promise<void> {
  pod.change();
  const { content } = pod.volume;
  const isSaved = () => {
    const head = highest(cluster.repository.archives, 'data');
    return head?.acknowledged === true && head.state === content;
  };
  await runFairly(cluster, isSaved, { limit: LIMIT });
  if (cluster.violation === undefined && !isSaved()) {
    cluster.break_('once the faults end, a clean start saves', `${pod.name}, ${nameState(content)}`);
  }
  const pods = how.startsWith('writing') ? cluster.pods.filter(({ isGone }) => !isGone) : [pod];
  for (const each of pods) {
    each.terminate();
  }
  await checkEnds(cluster, pods);
}
