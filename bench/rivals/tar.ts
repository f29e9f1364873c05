import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Site } from '../site.ts';

/** `tar | ssh | tar`: everything, each time. */
export class Tar {
  readonly #site: Site;
  readonly #remote: string;

  static async at(site: Site, name: string): Promise<Tar> {
    const remote = join(site.directory, `tar-${name}`);
    await mkdir(remote, { recursive: true });
    return new Tar(site, remote);
  }

  private constructor(site: Site, remote: string) {
    this.#site = site;
    this.#remote = remote;
  }

  async save(volume: string): Promise<void> {
    await this.#pipe(volume, async (tar, ssh) => `tar -c . | ${ssh} ${tar} -x -C ${this.#remote}`);
  }

  async restore(volume: string): Promise<void> {
    await this.#pipe(volume, async (tar, ssh) => `${ssh} ${tar} -c -C ${this.#remote} . | tar -x`);
  }

  async #pipe(cwd: string, line: (tar: string, ssh: string) => Promise<string>): Promise<void> {
    const { ssh, login, path } = this.#site;
    const tar = await this.#site.onServer('/usr/bin/tar');
    const command = await line(tar, [...ssh, login].join(' '));
    await execa('bash', ['-o', 'pipefail', '-c', command], { cwd, env: { PATH: path }, extendEnv: false });
  }
}
