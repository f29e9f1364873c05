import { BorgError } from '../borg/error.ts';
import { type FailureClass, ownDiskFull } from '../borg/reasons.ts';
import { NameTaken, Refusal } from '../lineage/refusal.ts';
import { CredentialError } from '../ssh/error.ts';
import { VolumeError } from '../volume/contents.ts';
import { MarkerError } from '../volume/marker.ts';
import { EXIT, Fatal } from './exit.ts';

/** A failure as the rest of the program sees it. */
export interface Failure {
  readonly reason: string;
  readonly class: FailureClass;
  /** One sentence. */
  readonly message: string;
}

/** What an error means; whatever nobody foresaw is a bug. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof BorgError) {
    return { reason: error.reason, class: error.class, message: error.message };
  }
  if (error instanceof CredentialError) {
    return { reason: 'credentials', class: 'person', message: error.message };
  }
  if (error instanceof Refusal || error instanceof MarkerError) {
    return {
      reason: error instanceof Refusal ? error.reason : 'marker',
      class: 'person',
      message: error.message,
    };
  }
  if (error instanceof NameTaken) {
    return { reason: 'archive-exists', class: 'transient', message: error.message };
  }
  if (error instanceof VolumeError) {
    return { reason: 'volume', class: 'person', message: error.message };
  }
  const code = (error as NodeJS.ErrnoException).code;
  const { message } = error as Error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return {
      reason: 'own-disk-full',
      class: 'person',
      message: ownDiskFull(message),
    };
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return {
      reason: 'permission',
      class: 'person',
      message: `A file can't be used (${message}): correct its owner or mode, or the pod's securityContext.`,
    };
  }
  return {
    reason: 'bug',
    class: 'bug',
    message: `Something unforeseen happened (${message}): please report it.`,
  };
}

/** The end of the program that an error brings where the application does not run. */
export function toFatal(error: unknown): Fatal {
  if (error instanceof Fatal) {
    return error;
  }
  const failure = describeFailure(error);
  const code = failure.class === 'bug' ? EXIT.failed : EXIT.person;
  return new Fatal(code, failure.reason, failure.message, error);
}
