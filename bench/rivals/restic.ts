import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Site } from '../site.ts';

/** Debian's restic over sftp, with a cache of its own. It always encrypts. */
export class Restic {
  readonly #site: Site;
  /** The directory on the server. */
  readonly #repository: string;
  readonly #cache: string;

  static async at(site: Site, name: string): Promise<Restic> {
    const cache = join(site.directory, `restic-cache-${name}`);
    await mkdir(cache, { recursive: true });
    const restic = new Restic(site, join(site.directory, `restic-${name}`), cache);
    await restic.#run(site.directory, ['init']);
    return restic;
  }

  private constructor(site: Site, repository: string, cache: string) {
    this.#site = site;
    this.#repository = repository;
    this.#cache = cache;
  }

  get repository(): string {
    return this.#repository;
  }

  async save(volume: string): Promise<void> {
    await this.#run(volume, ['backup', '.']);
  }

  /** As in a new pod, which has no cache. Restic keeps the volume's own path, so it lies deeper in the target. */
  async restore(volume: string): Promise<void> {
    await this.#run(volume, ['--no-cache', 'restore', 'latest', '--target', volume]);
  }

  async #run(cwd: string, args: readonly string[]): Promise<void> {
    const { ssh, login, path } = this.#site;
    const env = {
      PATH: path,
      HOME: this.#cache,
      RESTIC_CACHE_DIR: this.#cache,
      RESTIC_PASSWORD: 'benchmark',
      RESTIC_REPOSITORY: `sftp:${login}:${this.#repository}`,
    };
    const command = [...ssh, login, '-s', 'sftp'].join(' ');
    await execa('restic', ['-q', '-o', `sftp.command=${command}`, ...args], { cwd, env, extendEnv: false });
  }
}
