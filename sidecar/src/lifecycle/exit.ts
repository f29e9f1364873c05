/** How the program ends. */
export const EXIT = {
  /** Everything was saved. */
  saved: 0,
  /** The final save failed, or a bug. */
  failed: 1,
  /** Bad settings. */
  settings: 2,
  /** The repository or its credentials need a person; only before the application started. */
  person: 3,
  /** Fenced, and the fork could not be saved. */
  fenced: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the program with a code and one sentence for the person who reads it. */
export class Fatal extends Error {
  override readonly name = 'Fatal';
  readonly code: ExitCode;
  readonly reason: string;

  constructor(code: ExitCode, reason: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
  }
}
