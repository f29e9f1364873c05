import type { Command } from 'commander';
import type { ExitCode } from '../lifecycle/exit.ts';
import type { Comment } from '../lineage/comment.ts';
import {
  type Entry,
  entriesOf,
  type Fork,
  type Legacy,
  type ListedArchive,
  type Order,
} from '../lineage/order.ts';
import { findHeld } from '../lineage/rows/retention.ts';
import type { Environment } from '../settings/parse.ts';
import { formatTime, readSet, runTask } from './connect.ts';

/** An archive as `--json` shows it: `null` where the archive does not say. */
interface Row {
  readonly name: string;
  readonly kind: Comment['kind'] | 'legacy';
  readonly number: number;
  readonly id: string;
  readonly time: string;
  readonly writer: string | null;
  readonly pod: string | null;
  readonly final: boolean | null;
  readonly closing: boolean | null;
  readonly late: boolean | null;
  readonly consistent: boolean | null;
  readonly partial: boolean | null;
  readonly lacks: readonly string[];
  readonly app: string | null;
  readonly files: number | null;
  readonly bytes: number | null;
  readonly parent: { readonly number: number; readonly id: string } | null;
  readonly marks: readonly Mark[];
}

type Mark = 'head' | 'newest data' | 'held' | 'guard';

/** What `--json` prints: its names are stable. */
interface Description {
  readonly set: string;
  readonly repository: string;
  readonly repositoryId: string;
  readonly head: string | null;
  readonly newest: string | null;
  /** The number that newer, smaller archives have to be accepted against; nothing is deleted meanwhile. */
  readonly guard: number | null;
  /** The order, newest last. */
  readonly archives: readonly Row[];
  readonly forks: readonly Row[];
  readonly legacy: readonly Row[];
  readonly foreign: readonly string[];
}

const HELP = `
The newest archive is the last one: the numbers decide, not the times, which are those of the writers' clocks.

Kinds:  data holds the volume; claim and close are notes of a pod that begins or ends, and hold nothing.
Marks:  head         the newest archive: its writer is the one that may save
        newest data  what the next start restores
        held         a newer pod went on without it: kept until you promote or delete it
        guard        newer archives hold much less than this one: nothing is deleted meanwhile
Forks are what a pod has saved after a newer one had taken over; no start restores them by itself.

Example:
  kubectl exec grafana-0 -c borg-volume-sync -- borg-volume-sync list
`;

/** Adds `list` to the command line. */
export function addList(program: Command, environment: Environment): void {
  program
    .command('list')
    .description('shows the archives of the set in their order, then its forks and whatever else is there')
    .option('--json', 'as one JSON object, for programs')
    .option('--bypass-lock', 'look past a lock that nobody gives up; never while a pod may be saving')
    .addHelpText('after', HELP)
    .action(async (options) => {
      process.exitCode = await list(environment, options);
    });
}

async function list(
  environment: Environment,
  { json = false, bypassLock = false }: { json?: boolean; bypassLock?: boolean },
): Promise<ExitCode> {
  return await runTask(environment, {
    advice: {
      locked: 'try again when that one is done; only if it is dead, look past it with --bypass-lock',
    },
    async act(session) {
      const order = await readSet(session, { past: bypassLock });
      const { settings, repository } = session;
      const description = describe(order, settings.ARCHIVE_NAME, repository.where.repository);
      return json ? `${JSON.stringify(description, undefined, 2)}\n` : render(description);
    },
  });
}

function describe(order: Order, set: string, repository: string): Description {
  const { head, newest, repositoryId, foreign } = order;
  const guard = newest?.kind === 'data' && newest.comment.guard !== '-' ? Number(newest.comment.guard) : null;
  const held = new Set(findHeld(order.data).held);
  const isNewest = ({ archive }: { archive: ListedArchive }) => archive === newest?.archive;
  const marksOf = (entry: Entry): Mark[] => [
    ...(entry === head ? ['head' as const] : []),
    ...(isNewest(entry) ? ['newest data' as const] : []),
    ...(held.has(entry) ? ['held' as const] : []),
    ...(entry.sequence === guard ? ['guard' as const] : []),
  ];
  const entries = entriesOf(order).toSorted((one, other) => one.sequence - other.sequence);
  const forks = order.forks.toSorted((one, other) => one.archive.time - other.archive.time);
  return {
    ...{ set, repository, repositoryId },
    ...{ head: head?.archive.name ?? null, newest: newest?.archive.name ?? null, guard },
    archives: entries.map((entry) => toRow(entry, entry.sequence, marksOf(entry))),
    forks: forks.map((fork) => toRow(fork, fork.number, [])),
    legacy: order.legacies.map((legacy) => legacyRow(legacy, isNewest(legacy) ? ['newest data'] : [])),
    foreign,
  };
}

function toRow({ archive, comment }: Entry | Fork, number: number, marks: readonly Mark[]): Row {
  const { kind, writer, pod, final, closing, late, consistent, partial, lacks, app, parent } = comment;
  const holds = kind === 'data' || kind === 'fork';
  return {
    ...{ name: archive.name, kind, number, id: archive.id, time: formatTime(archive.time) },
    ...{ writer, pod, final, closing, late, consistent, partial, lacks, app: app || null },
    ...{ files: holds ? comment.files : null, bytes: holds ? comment.bytes : null },
    parent: parent.sequence === 0 ? null : { number: parent.sequence, id: parent.id },
    marks,
  };
}

function legacyRow({ epoch, archive }: Legacy, marks: readonly Mark[]): Row {
  return {
    ...{ name: archive.name, kind: 'legacy', number: epoch, id: archive.id, time: formatTime(archive.time) },
    ...{ writer: null, pod: null, final: null, closing: null, late: null, consistent: null, partial: null },
    ...{ lacks: [], app: null, files: null, bytes: null, parent: null, marks },
  };
}

/** The description as a table for people. */
function render({ set, repository, repositoryId, archives, forks, legacy, foreign }: Description): string {
  const parts = [`Set ${set} in ${repository} (id ${repositoryId})`];
  if (archives.length + legacy.length === 0) {
    parts.push('The set has no archive yet.');
  }
  if (archives.length > 0) {
    parts.push(table(archives));
  }
  if (forks.length > 0) {
    parts.push(`Forks, which no start restores by itself ("promote" makes one the newest):\n${table(forks)}`);
  }
  if (legacy.length > 0) {
    parts.push(`Archives of the predecessor:\n${table(legacy)}`);
  }
  if (foreign.length > 0) {
    parts.push(`Not of this set:\n${foreign.map(printable).join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}

const COLUMNS: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['NAME', ({ name }) => name],
  ['KIND', ({ kind }) => kind],
  ['TIME', ({ time }) => time],
  ['WRITER', ({ writer }) => writer ?? ''],
  ['POD', ({ pod }) => pod ?? ''],
  ['SAYS', says],
  ['VERSION', ({ app }) => app ?? ''],
  ['FILES', ({ files }) => (files === null ? '' : String(files))],
  ['SIZE', ({ bytes }) => (bytes === null ? '' : formatBytes(bytes))],
  ['MARKS', ({ marks }) => marks.join(', ')],
];

function table(rows: readonly Row[]): string {
  const columns = COLUMNS.map(([title, cell]) => [title, ...rows.map((row) => printable(cell(row)) || '-')]);
  // A column that is empty throughout says nothing.
  const telling = columns.filter(([, ...cells]) => cells.some((cell) => cell !== '-'));
  const padded = telling.map((cells) => {
    const width = Math.max(...cells.map((cell) => cell.length));
    return cells.map((cell) => cell.padEnd(width));
  });
  const lines = [-1, ...rows.keys()].map((row) => padded.map((cells) => cells[row + 1]).join('  '));
  return lines.map((line) => line.trimEnd().replace(/( {2}-)+$/, '')).join('\n');
}

function says({ final, closing, late, consistent, partial }: Row): string {
  const flags = { final, closing, late, consistent, partial };
  const told = Object.entries(flags).flatMap(([name, set]) => (set ? [name] : []));
  return told.join(' ');
}

/** Bytes in the largest unit that leaves a number above one. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** Whoever may write to the repository must not write to the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
