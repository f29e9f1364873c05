import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { EXIT, type ExitCode, Fatal } from '../lifecycle/exit.ts';
import { toFatal } from '../lifecycle/failure.ts';
import { dropPrivileges } from '../lifecycle/privileges.ts';
import { createLog } from '../log.ts';
import { type Environment, parseSettings } from '../settings/parse.ts';
import { declarations } from '../settings.ts';
import { FALLBACK_USER } from '../ssh/passwd.ts';
import { ServerError } from '../sshd/error.ts';
import { readServing, type ServeOptions, type Serving } from '../sshd/options.ts';
import { serveUntil } from '../sshd/server.ts';
import { sayLastWords } from './last-words.ts';

const HELP = `
OpenSSH's sshd in the foreground, for the user "${FALLBACK_USER}" and as whatever user the container runs as: no root, no entry in
/etc/passwd, no capability. One volume, one server: a second one waits for the first one's end, then gives up.

Keys            <set>.pub in the directory of keys, or <set>: OpenSSH public keys, one a line. Each can reach the
                repository of its own set, and do nothing else. Keys that are added, changed or taken away act at the
                next login; while one of the files has a fault, the keys of before stay in force.
Repositories    are made by "borg init" from the other end, or by the sidecar with INIT_REPOSITORY=true.
Host key        made at the first start, and kept in the volume beside known_hosts, in .borg-volume-sync.
Append-only     deleting and pruning answer "done", but nothing leaves the disk, and Borg can go back to any moment.
                Free the space from the server's side, with "borg compact" and without this.
SIGTERM         no new connection; those that are there have --grace to end, then they are rolled back.

STATE_DIR, LOG_LEVEL, LOG_FORMAT and TERMINATION_LOG are those of the sidecar. Exit codes: 0 told to end, 1 sshd ended by
itself, 2 bad options, 3 a person must do something.

Example
  borg-volume-sync serve --quota 20Gi,grafana=2Gi --append-only vaultwarden
`;

/** Adds `serve` to the command line. */
export function addServe(program: Command, environment: Environment): void {
  program
    .command('serve')
    .description('the backup server: sshd, with one restricted key for each set')
    .addOption(
      option('--repositories <directory>', 'the volume: one repository a set', 'SERVE_REPOSITORIES').default(
        '/repositories',
      ),
    )
    .addOption(option('--keys <directory>', 'the public keys: <set>.pub each', 'SERVE_KEYS').default('/keys'))
    // Kubernetes sets SERVE_PORT where there is a Service called "serve".
    .addOption(option('--port <number>', 'where sshd listens', 'SERVE_LISTEN').default('2222'))
    .addOption(
      option(
        '--append-only [sets]',
        'nothing leaves the disk: these sets (a,b), or all',
        'SERVE_APPEND_ONLY',
      ).preset('all'),
    )
    .addOption(
      option('--quota <sizes>', 'what a repository may hold: 20Gi, or grafana=2Gi, or both', 'SERVE_QUOTA'),
    )
    .addOption(
      option('--grace <duration>', 'how long connections may take to end', 'SERVE_GRACE').default('25s'),
    )
    .addHelpText('after', HELP)
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(environment, options);
    });
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(variable);
}

/** The settings of the sidecar's that are the server's too. */
const SHARED = ['STATE_DIR', 'LOG_LEVEL', 'LOG_FORMAT', 'TERMINATION_LOG'] as const;

async function serve(environment: Environment, options: ServeOptions): Promise<ExitCode> {
  const { settings, problems } = parseSettings(
    {
      ...Object.fromEntries(SHARED.map((name) => [name, environment[name]])),
      // No server has these two, which every sidecar must have.
      ...{ ARCHIVE_NAME: 'serve', REPO_BASE: '/' },
    },
    process.getuid?.() ?? 0,
  );
  const { serving, problems: more } = readServing(options, settings?.STATE_DIR);
  const log = await createLog(settings?.LOG_LEVEL ?? 'info', settings?.LOG_FORMAT ?? 'json');
  const terminationLog = settings?.TERMINATION_LOG ?? String(declarations.TERMINATION_LOG.default);
  const ending = new AbortController();
  const onSignal = () => ending.abort();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    if (settings === undefined || serving === undefined) {
      throw new Fatal(EXIT.settings, 'settings', [...problems, ...more].join(' '));
    }
    const { STATE_DIR: stateDir } = settings;
    await becomeOwner(serving, stateDir);
    const end = await serveUntil(serving, {
      ...{ stateDir, log, ending: ending.signal },
      path: environment.PATH || '/usr/local/bin:/usr/bin:/bin',
      newId: () => randomBytes(8).toString('hex'),
    });
    if (end !== undefined) {
      throw new Fatal(
        EXIT.failed,
        'sshd',
        `sshd ${end}, though nobody had told it to: its last lines say why.`,
      );
    }
  } catch (error) {
    // Told to end while it was starting.
    if (!ending.signal.aborted || error instanceof Fatal) {
      return sayLastWords(log, terminationLog, asFatal(error));
    }
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
  log.info({ event: 'stopped', exitCode: EXIT.saved }, 'Every connection has ended.');
  return EXIT.saved;
}

/** Started as root, the server becomes the owner of its volume: for good. */
async function becomeOwner({ repositories }: Serving, stateDir: string): Promise<void> {
  const { uid, gid } = await stat(repositories).catch((error) => {
    throw new ServerError(
      `The volume ${repositories} can't be used (${error.message}): mount it there, or name it with --repositories.`,
    );
  });
  if (process.getuid?.() === 0 && uid === 0) {
    throw new Fatal(
      EXIT.settings,
      'root',
      `The server does not run as root, and the volume ${repositories} belongs to nobody else: set the pod's runAsUser and fsGroup, or give the volume to a user.`,
    );
  }
  await dropPrivileges({ STATE_DIR: stateDir, DATA_DIR: repositories, USER_UID: uid, USER_GID: gid });
}

function asFatal(error: unknown): Fatal {
  return error instanceof ServerError
    ? new Fatal(EXIT.person, 'server', error.message, error)
    : toFatal(error);
}
