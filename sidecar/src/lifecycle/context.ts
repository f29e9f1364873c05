import type { Repository } from '../borg/repository.ts';
import type { Settings } from '../settings.ts';
import type { Exclude } from '../volume/exclude.ts';
import type { Self } from '../volume/owners.ts';
import type { Acceptance } from './acceptance.ts';
import type { Calls } from './calls.ts';
import type { Databases } from './databases.ts';
import type { Events } from './events.ts';
import type { Termination } from './termination.ts';
import type { World } from './world.ts';

/** What every step of the lifecycle works with. */
export interface Context {
  readonly settings: Settings;
  readonly repository: Repository;
  readonly exclude: Exclude;
  readonly events: Events;
  readonly acceptance: Acceptance;
  readonly calls: Calls;
  readonly databases: Databases;
  readonly termination: Termination;
  readonly world: World;
  readonly self: Self;
  /** Entries that borg could not read although the walk had thought so: noted by a save, counted by the next look. */
  readonly unread: Unread;
}

interface Unread {
  paths: ReadonlySet<string>;
}
