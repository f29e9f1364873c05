import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import leven from 'leven';
import type { Lock } from '../borg/repository.ts';
import type { ExitCode } from '../lifecycle/exit.ts';
import { restoreArchive } from '../lifecycle/restore.ts';
import type { Newest, Order } from '../lineage/order.ts';
import { chooseTarget } from '../lineage/rows/start.ts';
import type { Environment } from '../settings/parse.ts';
import { flush, wipe } from '../volume/contents.ts';
import { formatTime, readSet, refuseArgument, runTask, type Session } from './connect.ts';

const HELP = `
The archive may be one of the order, a fork, or one of the predecessor ("borg-volume-sync list" shows them).
What was extracted is compared with the archive's list; a restore that fails leaves the directory empty.
The volume and the archives are not touched: it works while the application runs, whose pod saves again once
the extraction is done.

Example: look at what a pod had before the last save
  kubectl exec grafana-0 -c borg-volume-sync -- \\
    borg-volume-sync restore --archive grafana-0000000012 --to /tmp/before
`;

/** Adds `restore` to the command line. */
export function addRestore(program: Command, environment: Environment): void {
  program
    .command('restore')
    .description('extracts one archive into a directory, beside the volume')
    .requiredOption('--archive <name>', 'exactly this archive')
    .requiredOption('--to <directory>', 'a new or an empty directory outside the volume')
    .option('--bypass-lock', 'go past a lock that nobody gives up; never while a pod may be saving')
    .addHelpText('after', HELP)
    .action(async (options) => {
      process.exitCode = await restore(environment, options);
    });
}

async function restore(
  environment: Environment,
  options: { archive: string; to: string; bypassLock?: boolean },
): Promise<ExitCode> {
  const to = resolve(options.to);
  let made: string | undefined;
  const lock = { past: options.bypassLock };
  return await runTask(environment, {
    advice: { locked: 'try again when that one is done; only if it is dead, add --bypass-lock' },
    async prepare({ DATA_DIR }) {
      refuseVolume(DATA_DIR, to, '--to');
      made = await makeEmpty(to);
      return to;
    },
    async act(session) {
      try {
        const archive = findArchive(await readSet(session, lock), options.archive);
        return await restoreInto(session, archive, lock);
      } catch (error) {
        await wipe(to, new AbortController().signal);
        await removeMade(to, made);
        throw error;
      }
    },
  });
}

/** The archive of this name that holds a volume. */
export function findArchive(order: Order, name: string): Newest {
  // As RESTORE_ARCHIVE finds it; a request that nobody has recorded as done.
  const found = chooseTarget(order, { text: name, hash: '', wanted: { archive: name } })?.archive;
  if (found === undefined) {
    throw refuseArgument(explainMissing(order, name));
  }
  return found;
}

/** Refuses a directory in the volume: what lies there is saved as the application's. */
export function refuseVolume(volume: string, directory: string, option: string): void {
  if (!relative(volume, directory).startsWith('..')) {
    throw refuseArgument(
      `${option} is "${directory}", which is in the volume ${volume}: choose a directory outside it.`,
    );
  }
}

/** Who made an archive, and when, for a sentence. */
export function describeArchive(newest: Newest): string {
  const { name, time } = newest.archive;
  const pod = newest.kind === 'data' ? `of the pod ${newest.comment.pod}` : 'of the predecessor';
  return `${name} (${pod}, ${formatTime(time)})`;
}

async function restoreInto(session: Session, archive: Newest, lock: Lock): Promise<string> {
  const { settings, events, signal } = session;
  let told = '';
  events.on('restore.done', ({ entries, bytes }) => {
    told = `${entries} entries, ${bytes} bytes; compared with the archive's list`;
  });
  await restoreArchive(session, archive, { signal, lock });
  await flush(settings.DATA_DIR);
  return `Restored ${describeArchive(archive)} into ${settings.DATA_DIR}: ${told}.\n`;
}

/** Returns what it has made: the directory, or the first that was missing above it. */
async function makeEmpty(directory: string): Promise<string | undefined> {
  const refuse = (why: string) =>
    refuseArgument(`--to is "${directory}", which ${why}: choose a new or an empty directory.`);
  const made = await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error) => {
    throw refuse(`can't be made (${error.message})`);
  });
  const names = await readdir(directory);
  // A file system of its own has one.
  const found = names.find((name) => name !== 'lost+found');
  if (found !== undefined) {
    throw refuse(`is not empty: it has ${JSON.stringify(found)}`);
  }
  return made;
}

async function removeMade(directory: string, made: string | undefined): Promise<void> {
  if (made !== undefined) {
    // Not above: whoever runs this may have given up the right to.
    await rmdir(directory).catch(() => {});
  }
}

const MOST_NEAR = 3;

function explainMissing({ data, forks, legacies, records, foreign }: Order, name: string): string {
  const record = records.find(({ archive }) => archive.name === name);
  if (record !== undefined) {
    return `${name} is a ${record.comment.kind} of the pod ${record.comment.pod}, a note that holds no files: choose a data archive or a fork of "borg-volume-sync list".`;
  }
  if (foreign.includes(name)) {
    return `${name} is not an archive of this set: choose one of "borg-volume-sync list", or extract it with borg itself.`;
  }
  const names = [...data, ...forks, ...legacies].map(({ archive }) => archive.name);
  const near = names.toSorted((one, other) => leven(one, name) - leven(other, name)).slice(0, MOST_NEAR);
  const nearest = near.length > 0 ? ` The nearest: ${near.join(', ')}.` : '';
  return `There is no archive "${name}": "borg-volume-sync list" shows what there is.${nearest}`;
}
