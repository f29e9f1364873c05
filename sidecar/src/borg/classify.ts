import { findSshReason } from '../ssh/reason.ts';
import type { BorgMessage } from './messages.ts';
import type { Reason } from './reasons.ts';

/** How a borg command ended. */
export interface Ending {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** What it said at level WARNING and above, and every line that was no JSON. */
  readonly messages: readonly BorgMessage[];
  /** A file system of this pod that borg writes to has no space left. */
  readonly ownDiskFull: boolean;
}

/** Borg's message ids, stable across its versions: docs/internals/frontends.rst, "Message IDs". */
const REASONS_BY_MSGID: Readonly<Record<string, Reason>> = {
  PassphraseWrong: 'passphrase-wrong',
  NoPassphraseFailure: 'passphrase-missing',
  PasscommandFailure: 'passcommand',
  'Cache.CacheInitAbortedError': 'not-encrypted',
  'Cache.EncryptionMethodMismatch': 'damaged',
  'Cache.RepositoryReplay': 'rolled-back',
  'Repository.DoesNotExist': 'repository-missing',
  'Repository.ParentPathDoesNotExist': 'repository-missing',
  'Repository.AlreadyExists': 'repository-exists',
  'Repository.PathAlreadyExists': 'not-a-repository',
  InvalidRepository: 'not-a-repository',
  'Repository.InvalidRepository': 'not-a-repository',
  InvalidRepositoryConfig: 'not-a-repository',
  'Repository.InvalidRepositoryConfig': 'not-a-repository',
  PathNotAllowed: 'path-not-allowed',
  'Repository.PathPermissionDenied': 'permission',
  StorageQuotaExceeded: 'quota',
  'Repository.StorageQuotaExceeded': 'quota',
  InsufficientFreeSpaceError: 'server-disk-full',
  'Repository.InsufficientFreeSpaceError': 'server-disk-full',
  LockTimeout: 'locked',
  LockError: 'locked',
  LockErrorT: 'locked',
  LockFailed: 'permission',
  NotLocked: 'locked',
  'Archive.AlreadyExists': 'archive-exists',
  'Archive.DoesNotExist': 'archive-missing',
  CheckNeeded: 'damaged',
  'Repository.CheckNeeded': 'damaged',
  IntegrityError: 'damaged',
  FileIntegrityError: 'damaged',
  DecompressionError: 'damaged',
  NoManifestError: 'damaged',
  ObjectNotFound: 'damaged',
  'Repository.ObjectNotFound': 'damaged',
  TAMRequiredError: 'damaged',
  TAMInvalid: 'damaged',
  ArchiveTAMInvalid: 'damaged',
  ConnectionClosed: 'unreachable',
  ConnectionClosedWithHint: 'unreachable',
  ConnectionBrokenWithHint: 'unreachable',
  UnexpectedRPCDataFormatFromServer: 'not-borg',
};

// A server can say any amount where Borg expects its own words.
const MOST_CHARACTERS = 300;

/** Chooses the reason of a failure: the first that fits, the more telling ones first. */
export function classify({ exitCode, signal, messages, ownDiskFull }: Ending): {
  reason: Reason;
  detail: string;
} {
  const texts = messages.flatMap((message) => ('text' in message ? [message.text] : []));
  const msgids = messages.flatMap((message) =>
    message.type === 'log' && message.msgid ? [message.msgid] : [],
  );
  const detail = firstLine(texts.at(-1) ?? '') || `exit code ${exitCode}`;

  const known = msgids.map((msgid) => REASONS_BY_MSGID[msgid]).find((reason) => reason !== undefined);
  if (known === 'unreachable') {
    return whyUnreachable(messages);
  }
  const full = texts.find((text) =>
    /\[Errno (?:28|122)\]|No space left on device|Disk quota exceeded/.test(text),
  );
  if (full !== undefined && known !== 'quota') {
    return { reason: ownDiskFull ? 'own-disk-full' : 'server-disk-full', detail: 'no space left on device' };
  }
  if (known === 'permission') {
    return { reason: known, detail: lineWith(texts, /Permission denied|Read-only/) ?? detail };
  }
  if (known !== undefined) {
    return { reason: known, detail: withoutPrefix(lineOf(messages, known) ?? detail) };
  }
  if (signal !== undefined || msgids.some((msgid) => msgid.startsWith('Signal.')) || (exitCode ?? 0) > 128) {
    return {
      reason: 'ended',
      detail: signal ?? msgids.find((msgid) => msgid.startsWith('Signal.')) ?? `exit code ${exitCode}`,
    };
  }
  // Borg's cache says it without a message id.
  if (texts.some((text) => text.includes('Cache is newer than repository'))) {
    return { reason: 'rolled-back', detail };
  }
  const denied = lineWith(texts, /\[Errno (?:13|30)\]/);
  if (denied !== undefined) {
    return { reason: 'permission', detail: denied };
  }
  return { reason: 'bug', detail };
}

function whyUnreachable(messages: readonly BorgMessage[]): { reason: Reason; detail: string } {
  // Borg's own sentence says no more than that the connection is gone.
  const texts = messages.flatMap((message) =>
    'text' in message && !(message.type === 'log' && message.msgid) ? [message.text] : [],
  );
  const told = findSshReason(texts);
  return told
    ? { reason: told.reason, detail: withoutPrefix(told.line) }
    : { reason: 'unreachable', detail: withoutPrefix(texts.at(-1)?.trim() || 'the connection closed') };
}

function lineOf(messages: readonly BorgMessage[], reason: Reason): string | undefined {
  const message = messages.find(
    (message) => message.type === 'log' && REASONS_BY_MSGID[message.msgid ?? ''] === reason,
  );
  return message?.type === 'log' ? inOneLine(message.text) : undefined;
}

function lineWith(texts: readonly string[], sign: RegExp): string | undefined {
  const line = texts.flatMap((text) => text.split('\n')).find((line) => sign.test(line));
  return line && withoutPrefix(line.trim());
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}

function inOneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .slice(0, MOST_CHARACTERS);
}

function withoutPrefix(line: string): string {
  return line.replace(/^Remote: /, '');
}
