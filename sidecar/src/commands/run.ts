import { join } from 'node:path';
import { removeCacheLocks } from '../borg/locks.ts';
import { Repository } from '../borg/repository.ts';
import { Acceptance } from '../lifecycle/acceptance.ts';
import { Calls } from '../lifecycle/calls.ts';
import type { Context } from '../lifecycle/context.ts';
import { Credentials } from '../lifecycle/credentials.ts';
import { COPIES, Databases } from '../lifecycle/databases.ts';
import { Events } from '../lifecycle/events.ts';
import { EXIT, type ExitCode, Fatal } from '../lifecycle/exit.ts';
import { toFatal } from '../lifecycle/failure.ts';
import { closeGate } from '../lifecycle/gate.ts';
import { keepJournal } from '../lifecycle/journal.ts';
import { warnOfLimits } from '../lifecycle/limits.ts';
import { Monitor } from '../lifecycle/monitor.ts';
import { describeSelf, dropPrivileges } from '../lifecycle/privileges.ts';
import { removeRecords } from '../lifecycle/repository-port.ts';
import { runLifecycle } from '../lifecycle/run.ts';
import { Servers } from '../lifecycle/servers.ts';
import { Termination } from '../lifecycle/termination.ts';
import { WAITS, type Waits } from '../lifecycle/waits.ts';
import type { World } from '../lifecycle/world.ts';
import { createLog, type Logger } from '../log.ts';
import { ControlServer } from '../server/control.ts';
import { Metrics } from '../server/metrics.ts';
import { type Environment, parseSettings } from '../settings/parse.ts';
import { declarations, type Settings } from '../settings.ts';
import { type Exclude, parseExclude } from '../volume/exclude.ts';
import { removeCopies } from '../volume/sqlite/copies.ts';
import { sayLastWords } from './last-words.ts';
import { realWorld } from './world.ts';

/** The sidecar: restores the volume, opens the gate, saves until SIGTERM and once more. Resolves with the exit code. */
export async function run(
  environment: Environment,
  version: string,
  waits: Waits = WAITS,
): Promise<ExitCode> {
  const { settings, problems, warnings } = parseSettings(
    environment,
    process.getuid?.() ?? 0,
    waits.lockBeyondFinal.least,
  );
  const { exclude, problem } = readExclude(environment.EXCLUDE);
  const log = await createLog(settings?.LOG_LEVEL ?? 'info', settings?.LOG_FORMAT ?? 'json');
  for (const message of warnings) {
    log.warn({ event: 'settings.warning' }, message);
  }
  if (settings === undefined || exclude === undefined) {
    const path = environment.TERMINATION_LOG || String(declarations.TERMINATION_LOG.default);
    return sayLastWords(log, path, new Fatal(EXIT.settings, 'settings', [...problems, ...problem].join(' ')));
  }
  try {
    await closeGate(settings);
    const world = realWorld(environment, waits);
    const end = await runUntilTold(settings, exclude, { version, log, world, path: environment.PATH ?? '' });
    log.info({ event: 'stopped', exitCode: EXIT.saved }, ENDS[end]);
    return EXIT.saved;
  } catch (error) {
    return sayLastWords(log, settings.TERMINATION_LOG, toFatal(error));
  }
}

const ENDS = {
  saved: 'Everything is saved.',
  'never-ready': 'Ended before the application could start: there was nothing to save.',
};

interface Surroundings {
  readonly version: string;
  readonly log: Logger;
  readonly world: World;
  readonly path: string;
}

/** Runs until SIGTERM has come and everything is saved. */
async function runUntilTold(
  settings: Settings,
  exclude: Exclude,
  surroundings: Surroundings,
): Promise<keyof typeof ENDS> {
  const { uptime: now, waits } = surroundings.world;
  const { STOPPING_FILE: stoppingFile, FINAL_BACKUP_TIMEOUT: finalBackupTimeout } = settings;
  const termination = new Termination({ stoppingFile, finalBackupTimeout, waits, now });
  const onSignal = () => termination.tellSigterm();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    return await runWith(settings, exclude, surroundings, termination);
  } finally {
    termination.close();
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  }
}

async function runWith(
  settings: Settings,
  exclude: Exclude,
  { version, log, world, path }: Surroundings,
  termination: Termination,
): Promise<keyof typeof ENDS> {
  const events = new Events();
  keepJournal(events, log);
  warnOfLimits(events, settings);
  const repository = `${settings.REPO_BASE.location}/${settings.ARCHIVE_NAME}`;
  const metrics = new Metrics();
  const monitor = new Monitor(
    events,
    metrics,
    { set: settings.ARCHIVE_NAME, version, repository, sizeLimitBytes: settings.VOLUME_SIZE_LIMIT },
    world.now,
  );
  const servers = await Servers.listen(settings, monitor, metrics);
  log.info({ event: 'server.listening', ...servers.ports }, 'Probes, metrics and the status page answer.');
  const credentials = new Credentials(settings, path);
  const calls = new Calls({ settings, events, termination, world });
  const acceptance = new Acceptance(events);
  let control: ControlServer | undefined;
  try {
    await credentials.readWhileRoot();
    await dropPrivileges(settings);
    const baseDirs = join(settings.STATE_DIR, 'borg');
    await removeCacheLocks(baseDirs);
    await removeRecords(settings.STATE_DIR);
    await removeCopies(join(settings.STATE_DIR, COPIES));
    await credentials.warnOfUncheckedHostKey((message) =>
      events.emit('warning', { name: 'ssh.unchecked', message }),
    );
    control = await listenForControl(settings, acceptance, events);
    const context: Context = {
      settings,
      repository: new Repository(credentials.describeRepository(repository), baseDirs, () =>
        credentials.environment(),
      ),
      exclude,
      events,
      acceptance,
      calls,
      databases: new Databases({ settings, exclude, events, world }),
      termination,
      world,
      self: await describeSelf(settings),
      unread: { paths: new Set() },
    };
    return await runLifecycle(context);
  } finally {
    await calls.settled();
    credentials.close();
    control?.close();
    servers.close();
  }
}

/** Without it everything runs, but for what a person may ask for. */
async function listenForControl(
  { STATE_DIR }: Settings,
  acceptance: Acceptance,
  events: Events,
): Promise<ControlServer | undefined> {
  try {
    return await ControlServer.listen(STATE_DIR, { accept: () => acceptance.ask() });
  } catch (error) {
    const message = `The control socket in STATE_DIR ${STATE_DIR} can't be made (${(error as Error).message}): "borg-volume-sync accept" will find nobody. Everything else runs.`;
    events.emit('warning', { name: 'control.failed', message });
    return undefined;
  }
}

function readExclude(text: string | undefined): { exclude: Exclude | undefined; problem: string[] } {
  try {
    return { exclude: parseExclude(text ?? ''), problem: [] };
  } catch (error) {
    return { exclude: undefined, problem: [(error as Error).message] };
  }
}
