import type { Marker } from '../marker.ts';
import type { Rules } from '../ports.ts';

/** What is done for the repository beside saves: `compact` frees the disk, `check` reads what is there. */
export type Chore = 'compact' | 'check';

const MIB = 1024 * 1024;
/** Below this nobody misses the space, and a small volume would be compacted after each save. */
const LEAST_TO_COMPACT = 32 * MIB;

/** The chore that is due: compaction by time, or once half of the volume's size was added since the last one; the check by time. */
export function chooseChore(
  { writer, added, compacted, checked, baseSize }: Marker,
  { compactEveryMs, checkEveryMs }: Pick<Rules, 'compactEveryMs' | 'checkEveryMs'>,
  nowMs: number,
): Chore | undefined {
  const isDue = (seconds: number, everyMs: number) => nowMs >= seconds * 1_000 + everyMs * jitterOf(writer);
  const muchAdded = added > Math.max(LEAST_TO_COMPACT, (baseSize?.bytes ?? 0) / 2);
  if (muchAdded || isDue(compacted, compactEveryMs)) {
    return 'compact';
  }
  return isDue(checked, checkEveryMs) ? 'check' : undefined;
}

/** From 0.9 to 1.1, the same for all the life of a writer: services that were started together do not meet. */
function jitterOf(writer: string): number {
  return 0.9 + (0.2 * Number.parseInt(writer.slice(0, 8), 16)) / 0xffff_ffff;
}
