import type { SshReason } from '../ssh/reason.ts';

/** Why a borg command failed. */
export type Reason =
  | SshReason
  | 'locked'
  | 'passphrase-wrong'
  | 'passphrase-missing'
  | 'passcommand'
  | 'not-encrypted'
  | 'repository-missing'
  | 'not-a-repository'
  | 'not-borg'
  | 'repository-exists'
  | 'path-not-allowed'
  | 'permission'
  | 'quota'
  | 'server-disk-full'
  | 'own-disk-full'
  | 'damaged'
  | 'rolled-back'
  | 'archive-exists'
  | 'archive-missing'
  | 'incomplete'
  | 'raced'
  | 'ended'
  | 'borg-not-installed'
  | 'bug';

/** `transient`: it may pass by itself. `person`: somebody has to do something. `bug`: this program is at fault. */
export type FailureClass = 'transient' | 'person' | 'bug';

/** What the sentences name. */
export interface Where {
  /** The repository, as Borg is told it. */
  readonly repository: string;
  readonly host: string;
  readonly port: number;
  /** `user@host`, or the host alone. */
  readonly login: string;
}

interface Explanation {
  readonly class: FailureClass;
  /** What failed, on what, and what to do next. `detail` is what the other program said. */
  sentence(where: Where, detail: string): string;
}

const known_hosts = 'known_hosts in SSH_KEY_DIR';

/** The sentence for this pod's own disk, whoever found it full. */
export function ownDiskFull(detail: string): string {
  return `This pod's disk is full (${detail}): raise the sizeLimit of the volume or the node's space.`;
}

/** Each reason, once: its class and its sentence. */
export const EXPLANATIONS: Readonly<Record<Reason, Explanation>> = {
  unreachable: {
    class: 'transient',
    sentence: ({ login, port }, detail) =>
      `The backup server ${login}, port ${port}, can't be reached (${detail}): check REPO_BASE, the network and sshd there.`,
  },
  locked: {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The repository ${repository} is locked by another borg (${detail}): it is tried again until the lock is gone.`,
  },
  auth: {
    class: 'person',
    sentence: ({ login }, detail) =>
      `The server refused the key for ${login} (${detail}): add the public key of ssh-privatekey in SSH_KEY_DIR to ~/.ssh/authorized_keys of that user.`,
  },
  'host-key-unknown': {
    class: 'person',
    sentence: ({ host, port }) =>
      `The host key of ${host}, port ${port}, is not in ${known_hosts}: compare the output of "ssh-keyscan -p ${port} ${host}" with the server's own keys and add it.`,
  },
  'host-key-changed': {
    class: 'person',
    sentence: ({ host, port }) =>
      `The host key of ${host}, port ${port}, is not the known one: another machine answers, or its key was renewed. If it was, replace its line in ${known_hosts} by that of "ssh-keyscan -p ${port} ${host}".`,
  },
  'no-user': {
    class: 'person',
    sentence: (_, detail) =>
      `ssh finds no name for the user that the program runs as (${detail}): install libnss-wrapper, or run as a user that /etc/passwd has.`,
  },
  'borg-missing': {
    class: 'person',
    sentence: ({ login }, detail) =>
      `${login} has no borg command (${detail}): install borgbackup there, or set BORG_REMOTE_PATH.`,
  },
  'borg-not-installed': {
    class: 'person',
    sentence: (_, detail) =>
      `The borg command is not on this container's PATH (${detail}): use the image of this program, or install Borg 1.4.`,
  },
  'passphrase-wrong': {
    class: 'person',
    sentence: ({ repository }) =>
      `The passphrase does not open the repository ${repository}: correct BORG_PASSPHRASE, BORG_PASSPHRASE_FILE or BORG_PASSCOMMAND.`,
  },
  'passphrase-missing': {
    class: 'person',
    sentence: ({ repository }) =>
      `The repository ${repository} is encrypted and there is no passphrase: set BORG_PASSPHRASE, BORG_PASSPHRASE_FILE or BORG_PASSCOMMAND.`,
  },
  passcommand: {
    class: 'person',
    sentence: () => 'The command in BORG_PASSCOMMAND failed: run it by hand in the container.',
  },
  'not-encrypted': {
    class: 'person',
    sentence: ({ repository }) =>
      `The repository ${repository} is not encrypted, but a passphrase is set: correct REPO_BASE or ARCHIVE_NAME, or remove the passphrase.`,
  },
  'repository-missing': {
    class: 'person',
    sentence: ({ repository }) =>
      `There is no repository ${repository}: make it with "borg init", set INIT_REPOSITORY=true, or correct REPO_BASE or ARCHIVE_NAME.`,
  },
  'not-a-repository': {
    class: 'person',
    sentence: ({ repository }, detail) =>
      `${repository} exists, but is not a repository of Borg 1 (${detail}): correct REPO_BASE or ARCHIVE_NAME.`,
  },
  'not-borg': {
    class: 'person',
    sentence: ({ login }, detail) =>
      `${login} answers with something else than Borg's words (${detail}): let the start files of its shell print nothing, or correct BORG_REMOTE_PATH or the key's command there.`,
  },
  'repository-exists': {
    class: 'transient',
    sentence: ({ repository }) => `The repository ${repository} exists already: it is opened.`,
  },
  'path-not-allowed': {
    class: 'person',
    sentence: ({ repository, login }) =>
      `${login} may not use ${repository}: the key's "borg serve --restrict-to-…" on the server names another path; correct it, or REPO_BASE or ARCHIVE_NAME.`,
  },
  permission: {
    class: 'person',
    sentence: ({ repository, login }, detail) =>
      `${repository} can't be read or written (${detail}): correct the owner or mode of the file named here, on ${login} or in STATE_DIR.`,
  },
  quota: {
    class: 'person',
    sentence: ({ repository }, detail) =>
      `The storage quota of ${repository} is used up (${detail}): raise it, or delete archives and compact.`,
  },
  'server-disk-full': {
    class: 'person',
    sentence: ({ repository }, detail) =>
      `The server's disk with ${repository} is full (${detail}): free space there.`,
  },
  'own-disk-full': {
    class: 'person',
    sentence: (_, detail) => ownDiskFull(detail),
  },
  damaged: {
    class: 'person',
    sentence: ({ repository }, detail) =>
      `The repository ${repository} is damaged (${detail}): run "borg check" on the server before anything else.`,
  },
  'rolled-back': {
    class: 'person',
    sentence: ({ repository }) =>
      `The repository ${repository} is older than it was when last seen: somebody put an older copy in its place. Bring the newer one back, or delete STATE_DIR's contents to go on from the older.`,
  },
  'archive-exists': {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The archive's name is taken in ${repository} (${detail}): the next number is tried.`,
  },
  'archive-missing': {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The archive has gone from ${repository} (${detail}): the list is read again.`,
  },
  incomplete: {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The archive from ${repository} did not arrive whole (${detail}): it is restored again into an emptied volume.`,
  },
  raced: {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The newest archive of ${repository} lacks entries that were replaced, or became readable or not, while borg read them (${detail}): the volume is saved again.`,
  },
  ended: {
    class: 'transient',
    sentence: ({ repository }, detail) =>
      `The borg command for ${repository} was ended (${detail}): it is tried again.`,
  },
  bug: {
    class: 'bug',
    sentence: ({ repository }, detail) =>
      `borg failed on ${repository} in a way that this program does not know (${detail}): please report it.`,
  },
};
