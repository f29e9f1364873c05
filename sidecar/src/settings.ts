import {
  absolutePath,
  choice,
  duration,
  integer,
  type Kind,
  moment,
  pattern,
  percentage,
  quantity,
  secret,
  text,
  url,
  yesOrNo,
} from './settings/kinds.ts';
import { pruneFlags } from './settings/prune-flags.ts';
import {
  archiveName,
  chunkerParams,
  compression,
  directories,
  excludePatterns,
  repoBase,
} from './settings/values.ts';

/** What is said once about a setting; everything else (parsing, `--help`, the tables in the documentation) follows. */
export interface Declaration<T = unknown> {
  readonly kind: Kind<T>;
  /** The text that stands in where the variable is missing or empty. */
  readonly default?: string;
  readonly required?: boolean;
  /** Never shown in a message, a log line or a page. */
  readonly secret?: boolean;
  /** One sentence or two, for `--help` and the documentation. */
  readonly meaning: string;
}

// What a setting's value is in `Settings`: with `required` or a default it is always there.
type Present<T> = Declaration<T> & { readonly value?: T };
type Perhaps<T> = Declaration<T> & { readonly value?: T | undefined };

function setting<T>(
  kind: Kind<T>,
  declaration: Omit<Declaration<T>, 'kind'> & { required: true },
): Present<T>;
function setting<T>(
  kind: Kind<T>,
  declaration: Omit<Declaration<T>, 'kind'> & { default: string },
): Present<T>;
function setting<T>(kind: Kind<T>, declaration: Omit<Declaration<T>, 'kind'>): Perhaps<T>;
function setting<T>(kind: Kind<T>, declaration: Omit<Declaration<T>, 'kind'>): Declaration<T> {
  return { kind, ...declaration };
}

// A timer of Node's ends at once where it is told to wait for more than 2^31 - 1 ms.
const LONGEST_WAIT = 24 * 24 * 60 * 60 * 1_000;
// No timer waits for these: it is looked at the clock.
const LONGEST_PERIOD = 40 * LONGEST_WAIT;

/** Every setting that acts: a variable of the environment by this name. */
export const declarations = {
  ARCHIVE_NAME: setting(archiveName, {
    required: true,
    meaning: "The set: all archives of one service. Also the repository's directory under `REPO_BASE`.",
  }),
  REPO_BASE: setting(repoBase, {
    required: true,
    meaning:
      'Where the repositories are: `user@host:/path`, `user@host:path`, `ssh://user@host:port/path`, or an absolute path where the repository is mounted.',
  }),
  BORG_PASSPHRASE: setting(secret, {
    secret: true,
    meaning:
      "The repository's passphrase. Without this, `BORG_PASSPHRASE_FILE` and `BORG_PASSCOMMAND` the repository must be unencrypted.",
  }),
  BORG_PASSPHRASE_FILE: setting(absolutePath, {
    meaning: 'A file that holds the passphrase; read again when it changes.',
  }),
  BORG_PASSCOMMAND: setting(secret, {
    secret: true,
    meaning: 'A command that prints the passphrase.',
  }),
  USER_UID: setting(integer({ from: 0, to: 4_294_967_294 }), {
    meaning:
      "Who owns the files. Started as root, the program becomes this user at once; started as this user, it takes every archived file for its own. Default: the container's user.",
  }),
  USER_GID: setting(integer({ from: 0, to: 4_294_967_294 }), {
    meaning: 'The group beside `USER_UID`. Default: the same number as `USER_UID`.',
  }),
  PRUNE_FLAGS: setting(pruneFlags, {
    default: '--keep-minutely 4 -H 4 -d 7 -w 4 -m 2',
    meaning:
      'Which archives are kept, with the meaning of `borg prune`, by number instead of time. The three newest always are, and what a newer writer has passed over. `none`: nothing is deleted.',
  }),
  BACKUP_INTERVAL: setting(duration({ atLeast: 1_000, atMost: LONGEST_WAIT }), {
    default: '5m',
    meaning: 'No unsaved change gets older than this, while the server answers.',
  }),
  BACKUP_QUIET_PERIOD: setting(duration({ atMost: LONGEST_WAIT }), {
    default: '10s',
    meaning: 'A changed volume is saved once it has been quiet for this long, or at `BACKUP_INTERVAL`.',
  }),
  BACKUP_MIN_INTERVAL: setting(duration({ atMost: LONGEST_WAIT }), {
    default: '1m',
    meaning:
      'But not more often than this, nor than 20 times the time that the last save took; `BACKUP_INTERVAL` goes before both.',
  }),
  HANDOVER_TIMEOUT: setting(duration({ atMost: LONGEST_WAIT }), {
    default: '30s',
    meaning:
      'How long a new pod waits for the final archive of an older one that may still be running. One that says it is ending is waited for as long as its last save may take, and a minute. `0s`: no wait of either kind.',
  }),
  LOCK_TIMEOUT: setting(duration({ atMost: LONGEST_WAIT }), {
    meaning:
      "How long a start waits while somebody holds the repository's lock, before it restores past it. At least `FINAL_BACKUP_TIMEOUT` + 60 s, so that it never overtakes a last save. Default: `FINAL_BACKUP_TIMEOUT` + 90 s.",
  }),
  FINAL_BACKUP_TIMEOUT: setting(duration({ atLeast: 1_000, atMost: LONGEST_WAIT }), {
    default: '5m',
    meaning:
      "How long the last save may take, counted from prestop, or from SIGTERM if there was none, and at least 30 s after SIGTERM. The pod's grace period must be the application's own + this + 30 s.",
  }),
  GRACE_PERIOD: setting(duration({ atMost: LONGEST_WAIT }), {
    meaning:
      "The pod's `terminationGracePeriodSeconds`: it is warned once twice the time of the last save and 30 s no longer fit into it.",
  }),
  ON_EMPTY_REPOSITORY: setting(choice('start', 'fail'), {
    default: 'start',
    meaning: 'A repository without an archive: `start` with an empty volume, or `fail`.',
  }),
  ON_NONEMPTY_VOLUME: setting(choice('fail', 'adopt'), {
    default: 'fail',
    meaning:
      'A volume with files that this program did not put there: `fail`, or `adopt` (keep and save them; only while the set has no data archive).',
  }),
  RESTORE_ARCHIVE: setting(text, {
    meaning:
      'Restore this archive once: the result is saved as the newest, and a start that finds the request done ignores it. Also a fork, or an archive of the predecessor. Excludes `RESTORE_AT`.',
  }),
  RESTORE_AT: setting(moment, {
    meaning: 'Restore, once, the newest archive that is not younger than this. Excludes `RESTORE_ARCHIVE`.',
  }),
  VOLUME_SIZE_LIMIT: setting(quantity, {
    meaning:
      "The volume's `sizeLimit`, past which Kubernetes ends the pod: it is warned at 80 %, a volume that is larger is saved at once, and an archive that is larger is not restored.",
  }),
  SHRINK_GUARD: setting(percentage, {
    default: '50%',
    meaning:
      'A save that lost more of its files or bytes than this, or that lacks entries which could not be read, is kept and reported, and nothing is deleted from then on, until `borg-volume-sync accept`.',
  }),
  COMPACT_EVERY: setting(duration({ atLeast: 1_000, atMost: LONGEST_PERIOD }), {
    default: '7d',
    meaning:
      'How often the repository gives back what deleted archives held; also as soon as half of the volume was added since the last time.',
  }),
  CHECK_EVERY: setting(duration({ atLeast: 1_000, atMost: LONGEST_PERIOD }), {
    default: '30d',
    meaning:
      'How often `borg check --repository-only` reads the repository, in parts of half a `BACKUP_INTERVAL`.',
  }),
  REPOSITORY_ID: setting(pattern("a repository's id: 64 hexadecimal digits", /^[0-9a-f]{64}$/), {
    meaning:
      'Refuse any other repository, an empty new one too. Pin it, and neither a typing error nor another server can start the service empty.',
  }),
  INIT_REPOSITORY: setting(yesOrNo, {
    default: 'false',
    meaning:
      'Create a missing repository (`repokey-blake2`, or `none` without a passphrase). Only for the first start: remove it then and pin `REPOSITORY_ID`, which it excludes; left on, it makes a new, empty repository wherever the old one is not in its place.',
  }),
  EXCLUDE: setting(excludePatterns, {
    meaning:
      "Patterns that are left out, one a line, in Borg's styles `fm:` (the default), `sh:`, `pp:` and `pf:`.",
  }),
  SQLITE: setting(choice('auto', 'off'), {
    default: 'auto',
    meaning:
      '`auto`: each SQLite database is archived as a state that existed, however it is written to. `off`: as it lies, which may be in the middle of a write.',
  }),
  COMPRESSION: setting(compression, { default: 'lz4', meaning: "Borg's `--compression`." }),
  UPLOAD_LIMIT: setting(integer({ from: 1, to: 2_147_483_647 }), {
    meaning: "Borg's `--upload-ratelimit`, in KiB/s. Default: none.",
  }),
  CHUNKER_PARAMS: setting(chunkerParams, {
    default: 'auto',
    meaning:
      "Borg's `--chunker-params`. `auto`: fixed chunks of 64 KiB up to 4 GiB, above that the power of two that keeps the volume below 65 536 chunks, at most 4 MiB; chosen at the set's first archive and inherited.",
  }),
  MAKE_DIRS: setting(directories, {
    meaning:
      'Directories to make in the volume before the application starts, one a line or separated by commas.',
  }),
  HEARTBEAT_URL: setting(url, {
    secret: true,
    meaning:
      'Called (GET) after each save, and each `BACKUP_INTERVAL` while there is nothing to save. Each of the four calls may take 10 s; one that fails is said and counted, and stops nothing.',
  }),
  PRE_BACKUP_URL: setting(url, {
    secret: true,
    meaning: 'Called, and waited for, before each archive of the volume is made.',
  }),
  POST_BACKUP_URL: setting(url, {
    secret: true,
    meaning: 'Called after each archive of the volume, also after one that failed.',
  }),
  POST_RESTORE_URL: setting(url, {
    secret: true,
    meaning: 'Called, and waited for, after an archive was restored and before the application starts.',
  }),
  APP_VERSION: setting(text, { meaning: "Recorded in each archive's comment." }),
  HTTP_PORT: setting(integer({ from: 0, to: 65_535 }), {
    default: '9942',
    meaning: 'Probes and metrics, on all addresses. 0: any free port.',
  }),
  STATUS_PORT: setting(integer({ from: 0, to: 65_535 }), {
    default: '9943',
    meaning: 'The status page, on 127.0.0.1 only. 0: any free port.',
  }),
  READY_WHEN: setting(choice('restored', 'backups-healthy'), {
    default: 'restored',
    meaning:
      '`/ready` answers 200 once the volume is `restored`, or only while no unsaved change is older than twice `BACKUP_INTERVAL`.',
  }),
  SSH_HOST_KEY_CHECKING: setting(choice('accept-new', 'strict'), {
    default: 'accept-new',
    meaning:
      "Without `known_hosts`: accept the server's key and remember it (`accept-new`), or refuse to start (`strict`).",
  }),
  DATA_DIR: setting(absolutePath, { default: '/data', meaning: 'The volume.' }),
  SSH_KEY_DIR: setting(absolutePath, {
    default: '/ssh-key',
    meaning: 'The Secret: `ssh-privatekey`, and `known_hosts` if there is one.',
  }),
  READY_FILE: setting(absolutePath, {
    default: '/tmp/READY',
    meaning: 'Exists exactly while the application may run.',
  }),
  STOPPING_FILE: setting(absolutePath, {
    default: '/tmp/STOPPING',
    meaning: "Whoever makes it says that the pod's termination has begun.",
  }),
  TERMINATION_LOG: setting(absolutePath, {
    default: '/dev/termination-log',
    meaning: 'Gets the last fatal sentence.',
  }),
  STATE_DIR: setting(absolutePath, {
    default: '/var/lib/borg-volume-sync',
    meaning: "Borg's cache, copies of SQLite databases, the accepted host key, the ssh-agent's socket.",
  }),
  LOG_LEVEL: setting(choice('trace', 'debug', 'info', 'warn', 'error'), {
    default: 'info',
    meaning: 'The least important lines that are logged.',
  }),
  LOG_FORMAT: setting(choice('json', 'pretty'), { default: 'json', meaning: '`pretty` for people.' }),
  BORG_REMOTE_PATH: setting(text, { meaning: "Borg's `--remote-path`: the borg command on the server." }),
  BORG_RSH: setting(text, {
    meaning: "The command that connects, instead of this program's own ssh with its key and host key checks.",
  }),
} as const satisfies Record<string, Declaration>;

/** The name of a setting: that of its variable. */
export type SettingName = keyof typeof declarations;

/** The settings of a run, checked. A setting without a value and a default is absent. */
export type Settings = {
  readonly [Name in SettingName]: (typeof declarations)[Name] extends { readonly value?: infer T }
    ? T
    : never;
} & {
  /** The other `BORG_…` variables, which Borg gets as they are. */
  readonly passedOn: Readonly<Record<string, string>>;
};

/** Variables of Borg's that this program sets itself: a value from outside is dropped, with a warning. */
export const OWNED_BORG_VARIABLES: readonly string[] = [
  'BORG_REPO',
  'BORG_BASE_DIR',
  'BORG_CACHE_DIR',
  'BORG_CONFIG_DIR',
  'BORG_SECURITY_DIR',
  'BORG_PASSPHRASE_FD',
  'BORG_NEW_PASSPHRASE',
  'BORG_EXIT_CODES',
  'BORG_LOGGING_CONF',
  'BORG_HOST_ID',
  'BORG_RELOCATED_REPO_ACCESS_IS_OK',
  'BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK',
];
