import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommanderError } from 'commander';
import { BorgError } from '../borg/error.ts';
import type { Reason } from '../borg/reasons.ts';
import { type Lock, Repository } from '../borg/repository.ts';
import { Credentials } from '../lifecycle/credentials.ts';
import { Events } from '../lifecycle/events.ts';
import { EXIT, type ExitCode, Fatal } from '../lifecycle/exit.ts';
import { toFatal } from '../lifecycle/failure.ts';
import { describeSelf, dropPrivileges } from '../lifecycle/privileges.ts';
import type { Restoring } from '../lifecycle/restore.ts';
import { type Order, readOrder } from '../lineage/order.ts';
import { refuseUnpinned } from '../lineage/refusals.ts';
import { describeProgress } from '../server/progress.ts';
import { type Environment, parseSettings } from '../settings/parse.ts';
import type { Settings } from '../settings.ts';
import { realWorld } from './world.ts';

/** Says something to the person at the terminal, on standard error: the answer alone is on standard output. */
type Tell = (level: 'info' | 'warn' | 'error', event: string, message: string) => void;

/** What a command of the command line works with. */
export interface Session extends Restoring {
  /** SIGINT or SIGTERM has come. */
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** A directory of this command alone, which ends with it. */
  readonly directory: string;
}

/** One command of the command line. */
export interface Task {
  /** The directory that it restores into, made before root's rights are given up. */
  prepare?(settings: Settings): Promise<string>;
  /** Resolves with what is written to standard output. */
  act(session: Session): Promise<string>;
  /** The next step after a failure, where the sidecar would try again by itself. */
  readonly advice?: Partial<Record<Reason, string>>;
}

/** Runs one command beside whatever else uses the repository, and ends all that it has started. */
export async function runTask(environment: Environment, task: Task): Promise<ExitCode> {
  const tell = createTell(environment);
  const ending = new AbortController();
  const onSignal = (name: NodeJS.Signals) =>
    ending.abort(new Fatal(EXIT.failed, 'ended', `Ended by ${name}, before it was done.`));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const settings = readSettings(environment, tell);
    process.stdout.write(await connect(settings, environment, { task, tell, signal: ending.signal }));
    return EXIT.saved;
  } catch (error) {
    const { code, reason, message } = toFatal(withAdvice(error, task.advice));
    tell('error', reason, message);
    if (reason === 'bug') {
      tell('error', reason, String((error as Error).stack));
    }
    return code;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Lists the repository that the settings name. */
export async function readSet({ repository, settings, signal }: Session, lock?: Lock): Promise<Order> {
  const listing = await repository.list(signal, lock);
  const { REPOSITORY_ID, ARCHIVE_NAME } = settings;
  if (REPOSITORY_ID !== undefined && REPOSITORY_ID !== listing.repositoryId) {
    throw refuseUnpinned(listing.repositoryId, REPOSITORY_ID);
  }
  return readOrder(ARCHIVE_NAME, listing);
}

/** Refuses what was typed. */
export function refuseArgument(message: string): Fatal {
  return new Fatal(EXIT.settings, 'arguments', message);
}

/** How the program ends where the command line is not one of ours, or asks for help. */
export function exitCodeOf({ exitCode }: CommanderError): ExitCode {
  return exitCode === 0 ? EXIT.saved : EXIT.settings;
}

/** A time as people and programs read it: ISO, UTC, whole seconds. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

function createTell({ LOG_FORMAT }: Environment): Tell {
  // The sidecar's default is for machines; here it is a person who reads, unless somebody has said otherwise.
  return (level, event, message) => {
    const line = { level, time: new Date().toISOString(), event, msg: message };
    process.stderr.write(`${LOG_FORMAT === 'json' ? JSON.stringify(line) : message}\n`);
  };
}

function readSettings(environment: Environment, tell: Tell): Settings {
  const { settings, problems, warnings } = parseSettings(environment, process.getuid?.() ?? 0);
  for (const message of warnings) {
    tell('warn', 'settings.warning', message);
  }
  if (settings === undefined) {
    throw new Fatal(EXIT.settings, 'settings', problems.join(' '));
  }
  return settings;
}

async function connect(
  settings: Settings,
  environment: Environment,
  { task, tell, signal }: { task: Task; tell: Tell; signal: AbortSignal },
): Promise<string> {
  const { STATE_DIR, REPO_BASE, ARCHIVE_NAME } = settings;
  const directory = join(STATE_DIR, `command-${randomBytes(4).toString('hex')}`);
  // Borg's cache, the agent's socket and ssh's files of a sidecar that runs beside this are its own.
  const credentials = new Credentials({ ...settings, STATE_DIR: directory }, environment.PATH ?? '');
  try {
    const target = await task.prepare?.(settings);
    await credentials.readWhileRoot();
    // The volume is the sidecar's to give away.
    await dropPrivileges({ ...settings, DATA_DIR: target ?? STATE_DIR });
    await mkdir(directory, { mode: 0o700 });
    await takeAcceptedHosts(STATE_DIR, directory);
    await credentials.warnOfUncheckedHostKey((message) => tell('warn', 'ssh.unchecked', message));
    const where = credentials.describeRepository(`${REPO_BASE.location}/${ARCHIVE_NAME}`);
    const repository = new Repository(where, join(directory, 'borg'), () => credentials.environment());
    return await task.act({
      ...{
        // The limit is the volume's, and not of what lies beside it.
        settings:
          target === undefined ? settings : { ...settings, DATA_DIR: target, VOLUME_SIZE_LIMIT: undefined },
        repository,
        events: tellingEvents(tell),
      },
      ...{ self: await describeSelf(settings), world: realWorld(environment), signal, tell, directory },
    });
  } finally {
    credentials.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A host key that the sidecar has accepted binds its commands too. */
async function takeAcceptedHosts(stateDir: string, directory: string): Promise<void> {
  const [from, to] = [stateDir, directory].map((base) => join(base, 'ssh', 'accepted_hosts'));
  await mkdir(join(directory, 'ssh'), { mode: 0o700 });
  await copyFile(from ?? '', to ?? '', constants.COPYFILE_EXCL).catch((error) => {
    if (error.code !== 'ENOENT') {
      throw error;
    }
  });
}

function tellingEvents(tell: Tell): Events {
  const events = new Events();
  events.on('warning', ({ name, message }) => tell('warn', name, message));
  events.on('restore.progress', (progress) =>
    tell('info', 'restore.progress', `Extracted ${describeProgress(progress)}.`),
  );
  return events;
}

const ADVICE: Partial<Record<Reason, string>> = {
  locked: 'try again when that one is done',
  ended: 'try again',
  incomplete: 'try again',
  'archive-missing': 'look at "borg-volume-sync list" and try again',
};

/** The failure with a next step for a person in place of what the sidecar would do about it. */
function withAdvice(error: unknown, own: Task['advice']): unknown {
  const advice = error instanceof BorgError ? (own?.[error.reason] ?? ADVICE[error.reason]) : undefined;
  if (!(error instanceof BorgError) || advice === undefined) {
    return error;
  }
  // Each of borg's sentences ends with the next step, after its last colon.
  const fault = error.message.slice(0, error.message.lastIndexOf(': '));
  return new Fatal(EXIT.person, error.reason, `${fault}: ${advice}.`, error);
}
