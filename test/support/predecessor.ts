import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BorgServer } from './borg-server.ts';
import { runLocalBorg } from './local-borg.ts';
import { borg12, executable } from './paths.ts';
import { addOddities } from './volume.ts';

/** What the manifest of its README says. */
export const predecessorsManifest = { user: 1005, passphrase: 'predecessor: a literal in the manifest' };

/** Does to a server's repositories what `aimmac23/borg-volume-sync` did: with the Borg of Debian bookworm. */
export class Predecessor {
  readonly #server: BorgServer;
  readonly #directory: string;

  /** @param directory where its volumes lie, one a set */
  constructor(server: BorgServer, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  async borg(set: string, args: readonly string[], cwd = this.#directory): Promise<void> {
    const { passphrase } = predecessorsManifest;
    const where = {
      borg: executable(borg12),
      repository: this.#server.repository(set),
      scratch: this.#directory,
    };
    await runLocalBorg(where, args, { passphrase, cwd });
  }

  /** Saves `cd data && borg create REPO::EPOCH .`, the newest name last. Returns the volume's directory. */
  async saved(set: string, names: readonly string[]): Promise<string> {
    await this.borg(set, ['init', '--encryption', 'repokey-blake2']);
    const data = join(this.#directory, set);
    await addOddities(join(data, set));
    const { user } = predecessorsManifest;
    for (const name of names) {
      await writeFile(join(data, set, 'saved as'), name);
      await execa('chown', ['-hR', `${user}:${user}`, data]);
      await this.borg(set, ['create', `::${name}`, '.'], data);
    }
    return data;
  }
}
