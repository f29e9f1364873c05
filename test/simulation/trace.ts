import type { Cluster } from './world/cluster.ts';
import { nameState, type State } from './world/content.ts';
import type { Archive } from './world/repository.ts';

const SECOND = 1_000;
const LONGEST = 150;

/** Keeps what happens as lines for a person: step, simulated second, who, and what came of it. */
export function traceInto(lines: string[], cluster: Cluster): void {
  const beganMs = cluster.nowMs;
  cluster.note = (who, what, came, outcome) => {
    if (what === 'tells listed' || what === 'tells looked') {
      return;
    }
    const second = Math.round((cluster.nowMs - beganMs) / SECOND);
    const how = outcome === undefined || outcome === 'ok' ? '' : ` [${outcome}]`;
    const text = `${String(cluster.steps).padStart(4)} ${String(second).padStart(6)}s ${who.padEnd(2)} ${what}${how} ${show(came)}`;
    lines.push(text.trimEnd().slice(0, LONGEST));
  };
}

function show(came: unknown): string {
  if (typeof came !== 'object' || came === null) {
    return came === undefined ? '' : String(came);
  }
  if ('digest' in came) {
    return nameState(came as State);
  }
  if ('archives' in came && Array.isArray(came.archives) && 'repositoryId' in came) {
    return `${came.repositoryId}: ${came.archives.map(showArchive).join(' ')}`;
  }
  const { failure, ...rest } = came as { failure?: unknown };
  return failure === undefined ? JSON.stringify(rest) : `${JSON.stringify(rest)} ${JSON.stringify(failure)}`;
}

/** `c4` is the claim with the number 4. */
function showArchive(archive: Archive | string): string {
  if (typeof archive === 'string') {
    return archive;
  }
  const letter = { data: 'n', claim: 'c', close: 'x', fork: 'f', legacy: 'l', foreign: 'o' }[archive.kind];
  return `${letter}${archive.sequence || archive.name}`;
}
