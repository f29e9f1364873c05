import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ExitCode } from '../lifecycle/exit.ts';
import { restoreArchive } from '../lifecycle/restore.ts';
import { isSame, type Order } from '../lineage/order.ts';
import { Refusal } from '../lineage/refusal.ts';
import type { Environment } from '../settings/parse.ts';
import { wipe } from '../volume/contents.ts';
import { takeFingerprint } from '../volume/fingerprint.ts';
import { readSet, refuseArgument, runTask, type Session } from './connect.ts';
import { formatBytes } from './list.ts';
import { makeNewest, type Promoted, refuseUsedUp } from './make-newest.ts';
import { describeArchive, findArchive, refuseVolume } from './restore.ts';

const HELP = `
The archive may be a fork, one that is held, or any other data archive of the set ("borg-volume-sync list").
It is extracted, compared with its list, and saved again under the next number; nothing is deleted or renamed.
A pod that still runs is fenced at its next save and goes on in forks; the next start restores the new archive.

Example: a pod was cut off, saved forks, and its state is the right one
  kubectl exec -it grafana-0 -c borg-volume-sync -- \\
    borg-volume-sync promote grafana.fork-0123456789abcdef-7
`;

interface Options {
  readonly yes?: boolean;
  readonly workDir?: string;
}

/** Adds `promote` to the command line. */
export function addPromote(program: Command, environment: Environment): void {
  program
    .command('promote')
    .description('makes a fork, or another data archive of the set, the newest')
    .argument('<fork>', 'the name of the archive')
    .option('--yes', 'do not ask')
    .option('--work-dir <directory>', 'where to extract it meanwhile; by default in STATE_DIR')
    .addHelpText('after', HELP)
    .action(async (fork, options) => {
      process.exitCode = await promote(environment, fork, options);
    });
}

async function promote(environment: Environment, fork: string, options: Options): Promise<ExitCode> {
  return await runTask(environment, {
    async act(session) {
      refuseUnasked(options);
      const order = await readSet(session);
      const subject = findSubject(order, fork);
      refuseUsedUp(session, order);
      if (isSame(subject.archive, order.newest?.archive)) {
        return `${fork} is the newest data archive already: the next start restores it.\n`;
      }
      if (!options.yes && !(await ask(session, explain(session, order, subject)))) {
        return 'Nothing was changed.\n';
      }
      const name = await inWorkDirectory(session, options.workDir, async (at) => {
        await extract(at, subject);
        return await makeNewest(at, subject, order);
      });
      return `Promoted ${fork}, which is now the newest archive ${name}: delete the pod that runs, and its successor restores ${name}.\n`;
    },
  });
}

function refuseUnasked({ yes = false }: Options): void {
  if (!yes && !process.stdin.isTTY) {
    throw refuseArgument(
      'There is no terminal to ask on: run it with "kubectl exec -it", or add --yes if you are sure.',
    );
  }
}

function findSubject(order: Order, name: string): Promoted {
  const found = findArchive(order, name);
  if (found.kind === 'legacy') {
    throw refuseArgument(
      `${name} is the predecessor's and does not say what it holds: set RESTORE_ARCHIVE=${name} for one start instead.`,
    );
  }
  return found;
}

/** What happens, before anybody says yes. */
function explain({ settings }: Session, { head, newest, legacy }: Order, subject: Promoted): string {
  const { files, bytes, partial } = subject.comment;
  const lines = [
    `Promote ${describeArchive(subject)}, ${files} files, ${formatBytes(bytes)}?`,
    `It becomes the newest archive of the set ${settings.ARCHIVE_NAME}, in place of ${newest ? describeArchive(newest) : 'none'}.`,
  ];
  if (head !== undefined) {
    const { kind, pod, final } = head.comment;
    lines.push(
      `The head is ${head.archive.name}, a ${kind} archive of the pod ${pod}, which ${final ? 'has ended' : 'may still run'}.`,
    );
  }
  lines.push('A pod that still runs is fenced at its next save: from then on it saves forks.');
  lines.push('The next start restores what is promoted.');
  if (partial) {
    lines.push('It is partial: entries that could not be read are not in it.');
  }
  if (newest?.kind === 'data' && legacy > newest.comment.legacy) {
    lines.push(`The predecessor's newer archive ${legacy} is passed over as well.`);
  }
  return `${lines.join('\n')}\n[y/N] `;
}

async function ask({ signal }: Session, question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  // Ctrl-C and Ctrl-D are for the question alone.
  terminal.once('close', () => closed.abort());
  try {
    const answer = await terminal.question(question, { signal: AbortSignal.any([signal, closed.signal]) });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    signal.throwIfAborted();
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}

/** Acts with a directory in place of the volume, which ends with it. */
async function inWorkDirectory<T>(
  session: Session,
  workDir: string | undefined,
  act: (at: Session) => Promise<T>,
): Promise<T> {
  const { settings, directory } = session;
  const parent = workDir === undefined ? directory : await checkWorkDirectory(settings.DATA_DIR, workDir);
  const volume = await mkdtemp(join(parent, 'promote-'));
  try {
    return await act({ ...session, settings: { ...settings, DATA_DIR: volume } });
  } finally {
    // A directory of the application's without write permission keeps its entries from rm.
    await wipe(volume, new AbortController().signal);
    await rm(volume, { recursive: true, force: true });
  }
}

async function checkWorkDirectory(volume: string, workDir: string): Promise<string> {
  const directory = resolve(workDir);
  refuseVolume(volume, directory, '--work-dir');
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw refuseArgument(
      `--work-dir is "${directory}", which is no directory: make it, or leave the option out.`,
    );
  }
  return directory;
}

/** Extracts what is promoted, and makes sure that all of it can be read again. */
async function extract(at: Session, subject: Promoted): Promise<void> {
  const { settings, signal, world, self, tell } = at;
  const { name } = subject.archive;
  const { bytes } = subject.comment;
  tell('info', 'extracting', `Extracting ${name}, ${formatBytes(bytes)}.`);
  try {
    await restoreArchive(at, subject, { signal });
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'own-disk-full') {
      throw new Refusal(
        error.reason,
        `There is no space to extract ${name}, ${formatBytes(bytes)}: give a directory that has it with --work-dir.`,
      );
    }
    throw error;
  }
  const { unreadable } = await takeFingerprint(settings.DATA_DIR, () => false, world);
  if (unreadable.length > 0) {
    throw new Refusal(
      'unreadable',
      `${name} has entries that the user ${self.uid} can't read, so a copy would lack them (${unreadable.slice(0, MOST_NAMED).join(', ')}): run it as root or as their owner.`,
    );
  }
}

const MOST_NAMED = 3;
