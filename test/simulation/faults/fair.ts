import type { Cluster } from '../world/cluster.ts';
import type { Pod } from '../world/pod.ts';
import type { Step } from '../world/step.ts';

/** What happens next where nothing goes wrong: what is due first; of two, what was asked first. */
export async function runFairly(
  cluster: Cluster,
  until: () => boolean,
  {
    limit,
    pods = cluster.pods,
    untilMs = Number.POSITIVE_INFINITY,
  }: { limit: number; pods?: readonly Pod[]; untilMs?: number },
): Promise<boolean> {
  for (let taken = 0; taken < limit; taken += 1) {
    if (until() || cluster.violation !== undefined) {
      return true;
    }
    if (!(await runNext(cluster, pods, untilMs))) {
      return until();
    }
  }
  return until();
}

async function runNext(cluster: Cluster, pods: readonly Pod[], untilMs: number): Promise<boolean> {
  const step = findNext(pods);
  const dueMs = step?.due() ?? Number.POSITIVE_INFINITY;
  const idle = pods.find(
    (pod) => pod.mayStart && pod.restartAtMs <= Math.max(cluster.nowMs, Math.min(dueMs, untilMs)),
  );
  if (idle !== undefined) {
    cluster.moveTo(idle.restartAtMs);
    await cluster.start(idle);
    return true;
  }
  if (step === undefined || dueMs > untilMs) {
    return false;
  }
  for (const { container } of pods) {
    if (container?.runs && container.deadlineMs < dueMs && !container.isPastDeadline) {
      cluster.passDeadline(container);
      return true;
    }
  }
  await cluster.run(step);
  return true;
}

function findNext(pods: readonly Pod[]): Step | undefined {
  let next: Step | undefined;
  for (const { container } of pods) {
    for (const step of container?.runs ? container.steps : []) {
      const before = next === undefined ? 1 : next.due() - step.due() || next.order - step.order;
      if (before > 0) {
        next = step;
      }
    }
  }
  return next;
}
