import { watch } from 'node:fs';
import type { Logger } from '../log.ts';
import { authorizedKeys } from './authorized-keys.ts';
import { ServerError } from './error.ts';
import { type Keys, readKeys } from './keys.ts';
import { findUnknownSets, type Serving } from './options.ts';
import { writeWhole } from './own-files.ts';

/** The kubelet takes several steps; a network file system tells nobody. In milliseconds. */
const QUIET = 200;
const LOOK_ANYWAY = 30_000;

/** Who may log in: the directory of public keys, made into the file that sshd reads at each login. */
export class Admission {
  readonly #serving: Serving;
  readonly #file: string;
  readonly #log: Logger;
  #written: string | undefined;
  #refused: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `file` is the `authorized_keys` to write. */
  constructor(serving: Serving, file: string, log: Logger) {
    this.#serving = serving;
    this.#file = file;
    this.#log = log;
  }

  /** Reads the keys for the first time. Throws where there is a fault. */
  async open(): Promise<void> {
    await this.#write(await readKeys(this.#serving.keys));
  }

  /** Follows the directory: what is right acts at the next login, a fault is said and changes nothing. */
  follow(): Disposable {
    let soon: NodeJS.Timeout | undefined;
    const watcher = watch(this.#serving.keys, () => {
      clearTimeout(soon);
      soon = setTimeout(() => this.#readAgain(), QUIET);
    });
    watcher.on('error', (error) => this.#refuse(error));
    const timer = setInterval(() => this.#readAgain(), LOOK_ANYWAY);
    return {
      [Symbol.dispose]() {
        clearTimeout(soon);
        clearInterval(timer);
        watcher.close();
      },
    };
  }

  #readAgain(): void {
    this.#turn = this.#turn.then(async () => {
      try {
        await this.#write(await readKeys(this.#serving.keys));
        this.#refused = undefined;
      } catch (error) {
        this.#refuse(error);
      }
    });
  }

  #refuse(error: unknown): void {
    const message = (error as Error).message;
    if (message !== this.#refused) {
      this.#refused = message;
      const event = error instanceof ServerError ? 'keys.refused' : 'keys.failed';
      this.#log.warn({ event }, `${message} Until then the keys of before may log in, and no others.`);
    }
  }

  async #write(keys: Keys): Promise<void> {
    const text = authorizedKeys(keys, this.#serving);
    if (text === this.#written) {
      return;
    }
    await writeWhole(this.#file, text);
    this.#written = text;
    const sets = [...keys.keys()];
    const who =
      sets.length > 0 ? sets.join(', ') : `nobody: there is no <set>.pub in ${this.#serving.keys} yet`;
    this.#log.info({ event: 'keys.read', sets }, `These sets may log in: ${who}.`);
    for (const set of findUnknownSets(this.#serving, keys)) {
      const message = `The options name the set ${set}, which has no key in ${this.#serving.keys}: correct the name, or add its key.`;
      this.#log.warn({ event: 'keys.unknown', set }, message);
    }
  }
}
