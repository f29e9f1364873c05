import { createInterface } from 'node:readline';
import type { BytePath } from '../path.ts';
import { type DatabaseProcess, startDatabaseProcess } from './process.ts';

const STEP_MS = 10_000;

/**
 * Keeps read transactions on databases in WAL mode: until it is released, each file pair that is read, in any order
 * and however slowly, is a state that existed. Nobody who writes is blocked (facts tried with 40 archives in each mode
 * of checkpointing).
 */
export class Hold {
  readonly held: ReadonlySet<BytePath>;
  /** Why each of the others is not. */
  readonly refused: ReadonlyMap<BytePath, string>;
  readonly #process: DatabaseProcess | undefined;
  #hasEnded = false;

  private constructor(
    held: ReadonlySet<BytePath>,
    refused: ReadonlyMap<BytePath, string>,
    process: DatabaseProcess | undefined,
  ) {
    this.held = held;
    this.refused = refused;
    this.#process = process;
    void process?.then(() => {
      this.#hasEnded = true;
    });
  }

  /**
   * @param paths of databases that somebody has open: opening another one would leave files beside it
   * @param root the directory that they are relative to
   * @param stepMs how long one database may take
   */
  static async begin(root: BytePath, paths: readonly BytePath[], stepMs = STEP_MS): Promise<Hold> {
    const refused = new Map<BytePath, string>();
    for (;;) {
      const wanted = paths.filter((path) => !refused.has(path));
      if (wanted.length === 0) {
        return new Hold(new Set(), refused, undefined);
      }
      const { process, held, culprit } = await holdAll(root, wanted, { refused, stepMs });
      if (culprit === undefined) {
        return new Hold(held, refused, process);
      }
      refused.set(culprit, 'the process that opened it died, or took too long');
    }
  }

  /** The process that holds has died, and whatever was read since may be no state at all. */
  get lost(): boolean {
    return this.#hasEnded;
  }

  async release(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process;
  }
}

/** A database that the process dies of takes the others' holds with it: it is named, and all begins anew without it. */
async function holdAll(
  root: BytePath,
  paths: readonly BytePath[],
  { refused, stepMs }: { refused: Map<BytePath, string>; stepMs: number },
): Promise<{ process: DatabaseProcess; held: ReadonlySet<BytePath>; culprit?: BytePath }> {
  const process = startDatabaseProcess('hold');
  // What it reads may be gone when it is written to: its end tells.
  process.stdin.on('error', () => {});
  const answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const held = new Set<BytePath>();
  for (const path of paths) {
    process.stdin.write(`${JSON.stringify(`${root}/${path}`)}\n`);
    const late = AbortSignal.timeout(stepMs);
    const onLate = () => process.kill('SIGKILL');
    late.addEventListener('abort', onLate);
    const { value, done } = await answers.next();
    late.removeEventListener('abort', onLate);
    if (done) {
      await process;
      return { process, held, culprit: path };
    }
    const answer = JSON.parse(value) as string;
    if (answer === 'held') {
      held.add(path);
    } else {
      refused.set(path, answer);
    }
  }
  return { process, held };
}
