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
  /** The archive that the volume was restored from, or nothing for an empty start. */
  readonly restored: string | undefined;
  readonly restoring: { readonly entries: number; readonly of: number | undefined } | undefined;
  readonly lastArchive: string | undefined;
  /** ISO 8601, as all times. */
  readonly lastSuccess: string | undefined;
  readonly unsavedSince: string | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly unreadable: readonly string[];
  /** The failure that has not been overcome yet. */
  readonly failure: { readonly reason: string; readonly message: string; readonly since: string } | undefined;
}
