import { once } from 'node:events';
import { readFile, rm, statfs } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { tied } from '../tied.ts';
import { classify } from './classify.ts';
import { BorgError } from './error.ts';
import { type BorgMessage, readMessage } from './messages.ts';
import type { Where } from './reasons.ts';

/** What a borg process gets from outside. */
export interface BorgEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Handed over through a pipe, so that it stands in no environment. */
  readonly passphrase: string | undefined;
  /** Where ssh writes its words; read and removed with the command. */
  readonly sshLog: string | undefined;
}

/** One borg command. */
export interface BorgCall {
  readonly args: readonly string[];
  /** `BORG_BASE_DIR`: Borg's cache, keys and memory of repositories. */
  readonly baseDir: string;
  readonly cwd?: string | undefined;
  /** Ends the command: SIGTERM to borg alone, which rolls back and gives up its lock. */
  readonly signal?: AbortSignal | undefined;
  /** It runs beside what is more urgent: whoever else wants the processor goes first. */
  readonly patient?: boolean | undefined;
  /** Each line of its output as it comes, instead of all of them at the end. */
  onOutput?: ((line: string) => void) | undefined;
  /** What borg says at the level of `--info`. */
  onInfo?(text: string): void;
  /** Each entry whose state `--list` names, with the message id of the warning about it. */
  onStatus?(status: string, path: string, msgid: string | undefined): void;
}

/** What a borg command that did not fail said. */
export interface BorgOutcome {
  /** 0, or 1 and 100 to 127 for warnings. */
  readonly exitCode: number;
  readonly output: string;
  /** The last warnings and errors, and lines that were no JSON. */
  readonly messages: readonly BorgMessage[];
}

// A borg that hangs at its end must not keep the pod from ending.
const KILL_AFTER_MS = 10_000;
// Enough of a million warnings to tell what went wrong. The last ones do: what ends borg comes at its end.
const MOST_MESSAGES = 1_000;
// As a shell's, and setpriv's.
const NOT_FOUND = 127;
// As nice(1) gives by default.
const PATIENT_PRIORITY = 10;
const FULL_BELOW_BYTES = 4 * 1024 * 1024;

/** Runs `borg`, reads its words as they come, and turns its failures into `BorgError`s. */
export async function runBorg(
  call: BorgCall,
  where: Where,
  environment: BorgEnvironment,
): Promise<BorgOutcome> {
  call.signal?.throwIfAborted();
  const messages: BorgMessage[] = [];
  const output: string[] = [];
  const child = start(call, environment);
  if (call.patient && child.pid !== undefined) {
    yieldProcessor(child.pid);
  }
  const read = Promise.all([
    eachLine(child.stdout, call.onOutput ?? ((line) => void output.push(line))),
    eachLine(child.stderr, (line) => {
      const message = readMessage(line);
      if (message.type === 'log' && message.level === 'INFO') {
        call.onInfo?.(message.text);
      } else if (message.type === 'status') {
        // Borg's warning about an entry comes right before its state.
        call.onStatus?.(message.status, message.path, msgidOf(messages.at(-1)));
      } else if (matters(message)) {
        messages.push(message);
        messages.splice(0, messages.length - MOST_MESSAGES);
      }
    }),
  ]);
  const result = await child;
  await read;
  messages.push(...(await takeSshWords(environment.sshLog)));
  if (result.code === 'ENOENT' || result.exitCode === NOT_FOUND) {
    throw new BorgError(
      'borg-not-installed',
      where,
      result.code === 'ENOENT' ? 'setpriv not found' : 'not found',
    );
  }
  call.signal?.throwIfAborted();
  const exitCode = result.exitCode;
  if (exitCode === undefined || !(exitCode <= 1 || (exitCode >= 100 && exitCode <= 127))) {
    const ownDiskFull = await isFull([call.baseDir, call.cwd]);
    const { reason, detail } = classify({ exitCode, signal: result.signal, messages, ownDiskFull });
    throw new BorgError(reason, where, detail);
  }
  return { exitCode, output: output.join('\n'), messages };
}

function start(call: BorgCall, environment: BorgEnvironment) {
  const { passphrase } = environment;
  return execa(...tied('borg', ...call.args), {
    reject: false,
    buffer: false,
    // A signal for the program's process group is not for borg: it is told by its own process id.
    detached: true,
    cleanup: false,
    stdio: ['ignore', 'pipe', 'pipe', passphrase === undefined ? 'ignore' : Buffer.from(`${passphrase}\n`)],
    extendEnv: false,
    env: {
      ...environment.variables,
      BORG_BASE_DIR: call.baseDir,
      ...(passphrase === undefined ? {} : { BORG_PASSPHRASE_FD: '3' }),
    },
    ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    ...(call.signal === undefined ? {} : { cancelSignal: call.signal }),
    forceKillAfterDelay: KILL_AFTER_MS,
  });
}

/** Also for the ssh that it will start. */
function yieldProcessor(pid: number): void {
  try {
    setPriority(pid, PATIENT_PRIORITY);
  } catch {
    // It has ended already.
  }
}

async function takeSshWords(log: string | undefined): Promise<BorgMessage[]> {
  if (log === undefined) {
    return [];
  }
  const words = await readFile(log, 'utf8').catch(() => '');
  await rm(log, { force: true });
  return words
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((text) => ({ type: 'text', text }));
}

async function eachLine(stream: NodeJS.ReadableStream, act: (line: string) => void): Promise<void> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', act);
  await once(lines, 'close');
}

function matters(message: BorgMessage): boolean {
  if (message.type === 'log') {
    return message.level !== 'INFO' && message.level !== 'DEBUG';
  }
  return message.type === 'text';
}

function msgidOf(message: BorgMessage | undefined): string | undefined {
  return message?.type === 'log' ? message.msgid : undefined;
}

async function isFull(directories: readonly (string | undefined)[]): Promise<boolean> {
  const known = directories.filter((directory) => directory !== undefined);
  const sizes = await Promise.allSettled(known.map((directory) => statfs(directory)));
  return sizes.some(
    (size) =>
      size.status === 'fulfilled' &&
      (size.value.bavail * size.value.bsize < FULL_BELOW_BYTES ||
        (size.value.files > 0 && size.value.ffree === 0)),
  );
}
