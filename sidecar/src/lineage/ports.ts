import type { Comment } from './comment.ts';
import type { LineageEvents } from './events.ts';
import type { Marker, Size } from './marker.ts';
import type { ListedArchive, Newest } from './order.ts';
import type { KeepRules } from './rows/retention.ts';
import type { Request } from './rows/start.ts';

/** Why a command of the repository gave no answer. The failure is the caller's own, to be told and waited out. */
export interface Unanswered {
  /**
   * `locked`: somebody holds the lock, and nothing was done. `full`: the server's disk has no room even for a lock.
   * `error`: all else; what was to be created may be there.
   */
  readonly kind: 'locked' | 'full' | 'error';
  readonly failure: unknown;
  /** What was to be created lacks entries, if it is there. */
  readonly incomplete?: boolean;
}

export interface Listed {
  readonly kind: 'listed';
  readonly repositoryId: string;
  readonly archives: readonly ListedArchive[];
}

/** What to create: the volume as `data` or `fork`, or a record that says the comment and nothing else. */
export interface Creation {
  readonly name: string;
  readonly comment: Comment;
  readonly signal?: AbortSignal | undefined;
}

export interface Created {
  readonly kind: 'created';
  readonly repositoryId: string;
  readonly id: string;
  readonly addedBytes: number;
  /** The archive lacks what its comment does not say; it has to be made anew. */
  readonly incomplete?: unknown;
}

export interface ReadHow {
  /**
   * Whoever holds the lock. Only behind one that nobody gives up, or on a full disk: a borg that reads so while another
   * commits finds the commit half done and completes it by itself, under the other's hands (`Repository.replay_segments`
   * of Borg 1.4.5; the other one's commit then failed in one of 25 tries).
   */
  readonly pastLock?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ListHow extends ReadHow {
  readonly lockWaitMs?: number;
}

/** The repository, as the order needs it. Each method rejects only where the program is told to end. */
export interface RepositoryPort {
  /** All archives. */
  list(how?: ListHow): Promise<Listed | Unanswered>;
  /** One `borg create`: of all that create the same name, one succeeds. */
  create(creation: Creation): Promise<Created | { readonly kind: 'exists' } | Unanswered>;
  /** One command; a name that is not there does not matter. Rejects if it failed: nothing depends on it. */
  delete(names: readonly string[]): Promise<void>;
  /** Brings what creating needs at hand up to date, so that the last save finds it so. Rejects if that failed. */
  warm(): Promise<void>;
  /** Gives the server's disk back what deleted archives held. Rejects if that failed. */
  compact(): Promise<'freed' | 'kept'>;
  /** Reads a part of the repository, for about this long; the next call goes on. Rejects if something is damaged. */
  check(atMostMs: number): Promise<'whole' | 'part'>;
}

/** What the volume looked like at one moment. */
export interface Look extends Size {
  /** Differs where anything that an archive would hold has changed. */
  readonly digest: string;
  /** Paths that can't be read. */
  readonly unreadable: readonly string[];
  /** What the look cost of a core. */
  readonly tookMs: number;
}

/** What a boot finds. */
export interface Found {
  readonly empty: boolean;
  readonly marker: Marker | undefined;
  /** The marker of the live writer that STATE_DIR knows in this boot of the node. */
  readonly record: Marker | undefined;
}

/** The volume, as the order needs it. Each method rejects with a failure. */
export interface VolumePort {
  find(): Promise<Found>;
  /** Durably: after a power cut there is the old marker or the new one. */
  writeMarker(marker: Marker): Promise<void>;
  /** Empties the volume and fills it with the archive; resolves once it is known to be what the archive holds. */
  extract(target: Newest | undefined, how: ReadHow): Promise<void>;
  /** Gives the restored files their owner, and writes them to the disk. */
  settle(): Promise<void>;
  /** Lets the application start. */
  openGate(marker: Marker): Promise<void>;
  look(): Promise<Look>;
  /** Whether this is the volume of the writer: `unmarked`: it is, but has lost its marker; `gone`: it is not, or empty. */
  examine(writer: string): Promise<'same' | 'unmarked' | 'gone'>;
}

/** How far the end of the pod has come. */
export interface Ending {
  /** The pod's termination has begun. */
  readonly prestop: boolean;
  /** The application has ended, or only this container is told to end. */
  readonly sigterm: boolean;
}

/** Time, chance, and whoever listens. */
export interface Host {
  readonly ending: Ending;
  /** A person asks to accept what archives are guarded for; until `accepted` or `accept.refused` is told. */
  readonly accepting: boolean;
  /** The time for the final save is over, or SIGTERM came before the gate was open: everything rejects from now on. */
  readonly over: boolean;
  /** Milliseconds since the boot of the node, whatever its clock says. */
  now(): number;
  readonly boot: string;
  /** Milliseconds since 1970 by the node's clock: for upkeep, where a wrong one does no harm. */
  date(): number;
  /** 16 random hexadecimal digits. */
  newId(): string;
  random(): number;
  /**
   * Resolves after a time, or at once where the end of the pod has come further than `seen`, or where a person has begun
   * to ask since the wait before. Rejects where the program is told to end: before the gate at SIGTERM, after it at the
   * deadline of the final save.
   */
  wait(milliseconds: number, seen: Ending): Promise<void>;
  /** Tells a failure, and waits as `wait` for the time that it asks for. Rejects where it needs a person and the application does not run yet. */
  backOff(activity: Activity, failure: unknown, seen: Ending, atMostMs?: number): Promise<void>;
  /** What was tried has succeeded. */
  recovered(): void;
  tell<Name extends keyof LineageEvents>(name: Name, ...event: LineageEvents[Name]): void;
}

export type Activity = 'start' | 'save' | 'final save' | 'close' | 'claim' | 'fork';

/** What a writer is told by settings. Times in milliseconds. */
export interface Rules {
  readonly set: string;
  /** Where the volume is, for a person. */
  readonly volume: string;
  readonly pod: string;
  readonly app: string;
  readonly handoverTimeoutMs: number;
  /** FINAL_BACKUP_TIMEOUT + 60 s: how long a writer that says it is closing is waited for. */
  readonly closingTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly intervalMs: number;
  /** A change is saved once the volume has been the same for this long. */
  readonly quietMs: number;
  /** From the begin of a save to that of the next one, at least. */
  readonly leastBetweenSavesMs: number;
  /** How often a volume is looked at that costs little to look at. */
  readonly lookEveryMs: number;
  /** How often a waiting start looks for the older writer's final archive. */
  readonly handoverPollMs: number;
  readonly onEmptyRepository: 'start' | 'fail';
  readonly onNonemptyVolume: 'fail' | 'adopt';
  readonly request: Request | undefined;
  /** The repository that is pinned. */
  readonly repositoryId: string | undefined;
  readonly compactEveryMs: number;
  readonly checkEveryMs: number;
  /** `undefined`: nothing is ever deleted. */
  readonly keep: KeepRules | undefined;
  /** Past this many bytes Kubernetes may end the pod at any moment. */
  readonly sizeLimitBytes: number | undefined;
  /** The part of files or bytes that a save may lose unreported, from 0 to 1. */
  readonly shrinkGuard: number;
  readonly chunkerFor: (inherited: string | undefined, bytes: number) => string;
}
