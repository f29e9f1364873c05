import type { Host, RepositoryPort, Rules, VolumePort } from './ports.ts';
import type { Table } from './table.ts';

/** All that a writer works with. */
export interface Parts {
  readonly rules: Rules;
  readonly repository: RepositoryPort;
  readonly volume: VolumePort;
  readonly host: Host;
  readonly table: Table;
}
