import type { Cluster } from '../world/cluster.ts';
import { ArchivesChecker } from './archives.ts';
import { EndingsChecker } from './endings.ts';
import { FencingChecker } from './fencing.ts';
import { GateChecker } from './gate.ts';
import { Writers } from './writers.ts';

/** Lets every promise be watched from now on. */
export function watch(cluster: Cluster): void {
  const writers = new Writers();
  cluster.watches.push(
    writers,
    new GateChecker(),
    new ArchivesChecker(writers),
    new EndingsChecker(writers),
    new FencingChecker(writers),
  );
}
