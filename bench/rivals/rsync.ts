import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Site } from '../site.ts';

/** `rsync -a` over ssh: one copy, without a past. */
export class Rsync {
  readonly #site: Site;
  readonly #remote: string;

  static async at(site: Site, name: string): Promise<Rsync> {
    const remote = join(site.directory, `rsync-${name}`);
    await mkdir(remote, { recursive: true });
    return new Rsync(site, remote);
  }

  private constructor(site: Site, remote: string) {
    this.#site = site;
    this.#remote = remote;
  }

  async save(volume: string): Promise<void> {
    await this.#run(`${volume}/`, `${this.#site.login}:${this.#remote}/`);
  }

  async restore(volume: string): Promise<void> {
    await this.#run(`${this.#site.login}:${this.#remote}/`, `${volume}/`);
  }

  async #run(from: string, to: string): Promise<void> {
    const { ssh, path } = this.#site;
    const remote = await this.#site.onServer('/usr/bin/rsync');
    const args = ['-a', '--delete', '-e', ssh.join(' '), `--rsync-path=${remote}`, from, to];
    await execa('rsync', args, { env: { PATH: path }, extendEnv: false });
  }
}
