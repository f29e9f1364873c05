import { join } from 'node:path';
import { execa } from 'execa';
import { borgClient, borgPython, executable } from './paths.ts';
import { TemporaryDirectory } from './temporary.ts';

export type DatedArchive = { name: string /** Milliseconds since 1970. */; time: number };

/** Borg's own code in one process: its command would need half a second for each archive. */
const CREATE = `
import json, sys
from datetime import datetime, timedelta, timezone
from borg.archive import Archive
from borg.cache import Cache
from borg.helpers import Manifest
from borg.logger import setup_logging
from borg.repository import Repository

setup_logging()
with Repository(sys.argv[1], exclusive=True) as repository:
    manifest, key = Manifest.load(repository, Manifest.NO_OPERATION_CHECK)
    with Cache(repository, key, manifest) as cache:
        for archive in json.load(sys.stdin):
            time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=archive["time"])
            Archive(repository, key, manifest, archive["name"], cache=cache, create=True).save(timestamp=time)
`;

/** A repository of empty archives on this machine's disk, to ask Borg what it would keep of them. */
export class PruneRepository {
  readonly #directory: TemporaryDirectory;

  static async make(archives: readonly DatedArchive[]): Promise<PruneRepository> {
    const repository = new PruneRepository(await TemporaryDirectory.make('borg-prune'));
    try {
      await repository.#run(borgClient, ['init', '--encryption', 'none', repository.#path]);
      await repository.#run(borgPython, ['-c', CREATE, repository.#path], JSON.stringify(archives));
      return repository;
    } catch (error) {
      await repository[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(directory: TemporaryDirectory) {
    this.#directory = directory;
  }

  /** Names of a set's archives that `borg prune` would keep and would delete. */
  async wouldPrune(set: string, flags: readonly string[]): Promise<{ kept: string[]; deleted: string[] }> {
    const { stderr } = await this.#run(borgClient, [
      ...['prune', '--dry-run', '--list', '-a', `${set}-*`],
      ...[...flags, this.#path],
    ]);
    const names = (expression: RegExp) => [...stderr.matchAll(expression)].map(([, name = '']) => name);
    return {
      kept: names(/^Keeping archive \(rule: [^)]+\): +(\S+)/gm),
      deleted: names(/^Would prune: +(\S+)/gm),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }

  get #path(): string {
    return join(this.#directory.path, 'repository');
  }

  /** All with one base directory: a cache of its own would cost each call more than the call itself. */
  async #run(command: string, args: readonly string[], input = '') {
    return await execa(executable(command), args, {
      cwd: this.#directory.path,
      extendEnv: false,
      env: {
        PATH: '/usr/bin:/bin',
        HOME: this.#directory.path,
        BORG_BASE_DIR: join(this.#directory.path, 'base'),
        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
        BORG_SELFTEST: 'disabled',
        BORG_EXIT_CODES: 'modern',
        TZ: 'UTC',
        LANG: 'C.UTF-8',
      },
      input,
      timeout: 120_000,
    });
  }
}
