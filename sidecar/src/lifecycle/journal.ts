import type { Logger } from '../log.ts';
import { describeProgress } from '../server/progress.ts';
import type { Events, LifecycleEvents } from './events.ts';
import { describeFailure } from './failure.ts';

type Lines = { [Name in keyof LifecycleEvents]: (log: Logger, event: LifecycleEvents[Name][0]) => void };

const UPKEEP_DONE = {
  freed: (seconds: number) => `The repository gave back what deleted archives held, in ${seconds} s.`,
  kept: () => 'The repository frees nothing: its server only appends. Compact it there.',
  whole: (seconds: number) => `The repository is sound: checked in ${seconds} s.`,
  part: (seconds: number) =>
    `A part of the repository is sound: checked in ${seconds} s, and it goes on another time.`,
} as const;

const UPKEEP_FAILED = {
  warm: "Borg's cache could not be brought up to date: the next save does it, and takes longer.",
  compact: 'The repository could not be compacted: it is tried again later, and grows until then.',
  check:
    'The repository could not be checked, or is damaged: run "borg check --repository-only" on the server.',
} as const;

// One line of the log for each event: its level and its sentence. The event's name is the line's `event`.
const LINES: Lines = {
  state: (log, { from, to }) => log.debug({ event: 'state', from, state: to }, `${from} → ${to}`),
  warning: (log, { name, message }) => log.warn({ event: name }, message),
  'call.failed': (log, { setting, host, reason }) =>
    log.debug({ event: 'call.failed', setting, host, reason }, `The call of ${setting} to ${host} failed.`),
  listed: (log, { id, archives, head }) =>
    log.debug(
      { event: 'listed', repositoryId: id, archives, head: head?.archive },
      `The repository ${id} holds ${archives} archives.`,
    ),
  'handover.waiting': (log, { archive, writer, pod, closing, forMs }) =>
    log.info(
      { event: 'handover.waiting', archive, writer, pod, closing, forMs },
      `The newest archive ${archive} is of the pod ${pod}, which ${closing ? 'is ending' : 'may still be running'}: its final archive is waited for, ${seconds(forMs)} s at most.`,
    ),
  claimed: (log, { archive, late }) =>
    log.info({ event: 'claimed', archive, late }, `This writer has taken over with ${archive}.`),
  'claim.lost': (log, { archive, to }) =>
    log.warn(
      { event: 'claim.lost', archive, to: to?.archive },
      `The claim ${archive} came too late${to ? `: ${to.archive} of the pod ${to.pod} was faster` : ''}. The start begins anew.`,
    ),
  unclaimed: (log, { why, lockedForMs }) =>
    log.error(
      { event: 'unclaimed', why, lockedForMs },
      `${why === 'full' ? "The server's disk is full" : `The repository has been locked for ${seconds(lockedForMs)} s`}: the newest archive that can be read is restored all the same. Nothing is saved until ${why === 'full' ? 'there is space' : 'the lock is gone'}; what an older pod still saves is kept and named.`,
    ),
  held: (log, { archives }) =>
    log.error(
      { event: 'held', archives },
      `Newer data of another pod was found after this one had started without it: ${archives.join(', ')}. It is kept; restore it with RESTORE_ARCHIVE if it is the one to go on from.`,
    ),
  requested: (log, { archive, restored }) =>
    log.info(
      { event: 'requested', archive, restored },
      `${restored} is restored as asked for, and saved as ${archive}: the request is done and is ignored from now on.`,
    ),
  'number.taken': (log, { archive }) =>
    log.warn(
      { event: 'number.taken', archive },
      `The name ${archive} is taken by an archive that this program did not make: the next number is used.`,
    ),
  'marker.restored': (log) =>
    log.warn(
      { event: 'marker.restored' },
      'The marker in the volume was deleted, probably by the application when it cleaned up: it is back.',
    ),
  'marker.failed': (log, { error }) =>
    warnOf(
      log,
      'marker.failed',
      error,
      "The marker in the volume can't be written, and nothing depends on it while this container runs.",
    ),
  guarded: (log, { archive, against, partial }) =>
    log.error(
      { event: 'guarded', archive, against, partial },
      `${archive} ${partial ? 'lacks entries that could not be read' : 'holds much less than the one before'}: from now on no archive is deleted${against === '0' ? '' : `, so that what it lacks stays in number ${against} and older`}. Look at what is missing; "borg-volume-sync accept" ends that.`,
    ),
  accepted: (log, { archive }) =>
    log.info(
      { event: 'accepted', archive },
      archive
        ? `${archive} guards against nothing any more, as a person has accepted: archives are deleted again by PRUNE_FLAGS.`
        : 'There was nothing to accept.',
    ),
  'accept.refused': (log) =>
    log.warn(
      { event: 'accept.refused' },
      'Nothing can be accepted before this pod has its place in the order.',
    ),
  closed: (log, { archive, final }) =>
    log.info(
      { event: 'closed', archive, final },
      final ? `Nothing is left to save: ${archive} says so.` : `${archive} says that this pod is ending.`,
    ),
  'close.failed': (log, { error }) =>
    warnOf(
      log,
      'close.failed',
      error,
      'Everything is saved, but the archive that says so could not be made: the next pod may wait for nothing.',
    ),
  fenced: (log, { by }) =>
    log.error(
      { event: 'fenced', by: by?.archive, writer: by?.writer, pod: by?.pod },
      `Another pod has taken over${by ? `: ${by.pod}, with ${by.archive}` : ''}. The application here goes on, and what it changes is saved as forks, outside the order: end this pod, or make one of its forks the newest with "borg-volume-sync promote".`,
    ),
  'fork.done': (log, { archive, final, addedBytes, seconds }) =>
    log.warn(
      { event: 'fork.done', archive, final, addedBytes, seconds },
      `Saved the fork ${archive} in ${seconds} s; no later pod restores it by itself.`,
    ),
  deleted: (log, { archives }) =>
    log.info(
      { event: 'deleted', archives },
      `Deleted archives that are not needed any more: ${some(archives)}.`,
    ),
  'delete.failed': (log, { error }) =>
    warnOf(
      log,
      'delete.failed',
      error,
      'Archives that are not needed any more could not be deleted; it is tried after the next save.',
    ),
  'upkeep.done': (log, { chore, result, seconds }) =>
    log[result === 'kept' ? 'warn' : 'info'](
      { event: 'upkeep.done', chore, result, seconds },
      UPKEEP_DONE[result](seconds),
    ),
  'upkeep.failed': (log, { chore, error }) => warnOf(log, 'upkeep.failed', error, UPKEEP_FAILED[chore]),
  writer: (log, { writer }) =>
    log.info({ event: 'writer', writer }, `The writer of this volume is ${writer}.`),
  'restore.started': (log, { archive, bytes }) =>
    log.info(
      { event: 'restore.started', archive, bytes },
      `Restoring ${archive}${bytes === undefined ? '' : `, ${bytes} bytes`}.`,
    ),
  'restore.progress': (log, progress) =>
    log.info({ event: 'restore.progress', ...progress }, `Restored ${describeProgress(progress)}.`),
  'restore.done': (log, { archive, entries, bytes, seconds }) =>
    log.info(
      { event: 'restore.done', archive, entries, bytes, seconds },
      `Restored ${archive}: ${entries} entries, ${bytes} bytes, in ${seconds} s; compared with the archive's list.`,
    ),
  'restore.empty': (log) =>
    log.warn(
      { event: 'restore.empty' },
      'The set has no archive: the application starts with an empty volume.',
    ),
  'gate.opened': (log) => log.info({ event: 'gate.opened' }, 'The application may start.'),
  looked: (log, { files, bytes, unreadable, unsaved }) =>
    log.debug(
      { event: 'looked', files, bytes, unreadable: unreadable.length, unsaved },
      unsaved ? 'The volume has changed.' : 'Nothing has changed.',
    ),
  'save.started': (log, { archive, final, files, bytes }) =>
    log.info(
      { event: 'save.started', archive, final, files, bytes },
      `Saving ${archive}: ${files} files, ${bytes} bytes.`,
    ),
  'save.done': (log, { archive, final, partial, addedBytes, seconds }) =>
    log.info(
      { event: 'save.done', archive, final, partial, addedBytes, seconds },
      `Saved ${archive} in ${seconds} s; it added ${addedBytes} bytes.`,
    ),
  failure: (log, { activity, reason, class: kind, message, retryInMs }) => {
    const line = { event: 'failure', activity, reason, class: kind, retryInMs };
    const again =
      retryInMs === undefined ? '' : ` The ${activity} is tried again in ${Math.ceil(retryInMs / 1_000)} s.`;
    log[kind === 'transient' ? 'warn' : 'error'](line, `${message}${again}`);
  },
  recovered: (log) => log.info({ event: 'recovered' }, 'It works again.'),
  prestop: (log) => log.info({ event: 'prestop' }, "The pod's termination has begun."),
  sigterm: (log) => log.info({ event: 'sigterm' }, 'Told to end.'),
};

/** Writes a line for each event of a run. */
export function keepJournal(events: Events, log: Logger): void {
  for (const name of Object.keys(LINES) as (keyof LifecycleEvents)[]) {
    keep(events, log, name);
  }
  let unreadable = '';
  events.on('looked', (look) => {
    const names = look.unreadable.join(', ');
    if (names !== '' && names !== unreadable) {
      const message = `${look.unreadable.length} entries can't be read, so archives will lack them: ${some(look.unreadable)}. Correct their owner or mode, or run as root or as their owner.`;
      log.error({ event: 'unreadable', paths: look.unreadable.slice(0, MOST_NAMED) }, message);
    }
    unreadable = names;
  });
}

const MOST_NAMED = 20;

function keep<Name extends keyof LifecycleEvents>(events: Events, log: Logger, name: Name): void {
  events.observe(name, (event) => LINES[name](log, event));
}

/** What failed and stops nothing, with why. */
function warnOf(log: Logger, event: string, error: unknown, sentence: string): void {
  const { reason, message } = describeFailure(error);
  log.warn({ event, reason }, `${sentence} ${message}`);
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
