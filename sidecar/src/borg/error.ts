import { EXPLANATIONS, type FailureClass, type Reason, type Where } from './reasons.ts';

/** A borg command failed. `message` is one sentence for the person who reads it, without secrets. */
export class BorgError extends Error {
  override readonly name = 'BorgError';
  readonly reason: Reason;
  readonly class: FailureClass;

  constructor(reason: Reason, where: Where, detail = 'no further word from borg') {
    super(EXPLANATIONS[reason].sentence(where, detail));
    this.reason = reason;
    this.class = EXPLANATIONS[reason].class;
  }
}

/** Whether borg failed for this reason. */
export function failedFor(error: unknown, reason: Reason): boolean {
  return error instanceof BorgError && error.reason === reason;
}
