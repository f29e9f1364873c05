import type { RestoreProgress } from './progress.ts';

/** What a person is told of the program: the JSON of `/api/status` and what the page shows. */
export interface Status {
  readonly set: string;
  readonly version: string;
  readonly state: string;
  /** Whether the application may run. */
  readonly ready: boolean;
  readonly repository: string;
  readonly repositoryId: string | undefined;
  readonly writer: string | undefined;
  /** Whether this writer has its place in the order. Without it nothing is saved. */
  readonly claimed: boolean | undefined;
  /** The archive with the highest number. */
  readonly head: StatusArchive | undefined;
  /** The writer whose final archive a start waits for. */
  readonly waitingFor: StatusArchive | undefined;
  /** Who has taken over. */
  readonly fencedBy: StatusArchive | undefined;
  /** What fenced writers have saved, outside the order. */
  readonly forks: readonly string[];
  /** Data that a newer writer has passed over: kept until a person decides. */
  readonly held: readonly string[];
  /** Claims and closes below the head, and archives that are not of the set. */
  readonly strays: readonly string[];
  /** The archive that the volume was restored from, or nothing for an empty start. */
  readonly restored: string | undefined;
  readonly restoring: RestoreProgress | undefined;
  readonly lastArchive: string | undefined;
  /** ISO 8601, as all times. */
  readonly lastSuccess: string | undefined;
  readonly unsavedSince: string | undefined;
  readonly files: number;
  readonly bytes: number;
  /** Past it Kubernetes ends the pod. */
  readonly sizeLimitBytes: number | undefined;
  readonly unreadable: readonly string[];
  /** The failure that has not been overcome yet. */
  readonly failure: { readonly reason: string; readonly message: string; readonly since: string } | undefined;
}

/** An archive and who made it. */
interface StatusArchive {
  readonly archive: string;
  readonly kind: string;
  readonly writer: string;
  readonly pod: string;
}
