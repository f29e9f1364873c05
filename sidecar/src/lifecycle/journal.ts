import type { Logger } from '../log.ts';
import type { Events, LifecycleEvents } from './events.ts';

type Lines = { [Name in keyof LifecycleEvents]: (log: Logger, event: LifecycleEvents[Name][0]) => void };

// One line of the log for each event: its level and its sentence. The event's name is the line's `event`.
const LINES: Lines = {
  state: (log, { from, to }) => log.debug({ event: 'state', from, state: to }, `${from} → ${to}`),
  warning: (log, { name, message }) => log.warn({ event: name }, message),
  repository: (log, { id, archives }) =>
    log.debug(
      { event: 'repository', repositoryId: id, archives },
      `The repository ${id} holds ${archives} archives.`,
    ),
  writer: (log, { writer }) =>
    log.info({ event: 'writer', writer }, `The writer of this volume is ${writer}.`),
  'restore.started': (log, { archive, bytes }) =>
    log.info(
      { event: 'restore.started', archive, bytes },
      `Restoring ${archive}${bytes === undefined ? '' : `, ${bytes} bytes`}.`,
    ),
  'restore.progress': (log, { entries, of }) =>
    log.info({ event: 'restore.progress', entries, of }, `Restored ${entries} of ${of ?? '?'} entries.`),
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

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
