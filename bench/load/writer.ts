import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { within } from '../../test/support/limit.ts';
import { node } from '../../test/support/paths.ts';

export type Load = {
  file: string;
  kind: 'ledger' | 'recorder';
  everyMs: number;
  /** Of one transaction of the recorder. */
  rows: number;
};

/** What the application has done since it was last asked. */
export interface Progress {
  /** The newest transaction that is committed. */
  readonly number: number;
  /** How long each took. */
  readonly tookMs: readonly number[];
}

/** The application as a process of its own; it ends with its owner, closing its database, or is killed. */
export class Writer {
  readonly #child: ChildProcess;

  static async start(load: Load): Promise<Writer> {
    const writer = new Writer(load);
    // Its answer says that it has the database open.
    await writer.progress();
    return writer;
  }

  private constructor(load: Load) {
    const program = join(import.meta.dirname, 'application.ts');
    this.#child = fork(program, { execPath: node, execArgv: [] });
    // Not as an argument: a pod's end takes along whoever names its directory.
    this.#child.send(load);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The application was not started.');
    return this.#child.pid;
  }

  async progress(): Promise<Progress> {
    if (!this.#child.connected) throw new Error('The application has ended by itself.');
    const ended = new AbortController();
    const answers = once(this.#child, 'message', { signal: ended.signal });
    const end = () => ended.abort(new Error('The application has ended by itself.'));
    this.#child.once('exit', end);
    try {
      this.#child.send('progress');
      const [progress] = await within(answers, '60s', () => 'an answer of the application');
      return progress as Progress;
    } finally {
      this.#child.off('exit', end);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    await within(gone, '20s', () => 'the application ends').catch(() => this.#child.kill('SIGKILL'));
  }
}
