import { readFile } from 'node:fs/promises';

/**
 * A file of a mounted Secret. It is read anew each time, so that a rotated Secret is used at once; where it can no
 * longer be read (the program is not root any more, or the file has gone) the last content stands.
 */
export class SecretFile {
  readonly path: string;
  #last: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** The content, or `undefined` for a file that was never there. Throws where it is there and was never readable. */
  async read(): Promise<string | undefined> {
    try {
      this.#last = await readFile(this.path, 'utf8');
    } catch (error) {
      if (this.#last === undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
    }
    return this.#last;
  }
}
