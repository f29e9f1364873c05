import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Site } from '../site.ts';

/** Nothing, or what makes Borg cut as the sidecar does. */
export type BorgOptions = { chunkerParams?: string };

type Created = { archive: { name: string; stats: { deduplicated_size: number } } };

/** What a person would type instead, with the same key over the same line: a Borg with a home, and so a cache, of its own. */
export class BareBorg {
  readonly #site: Site;
  readonly #set: string;
  readonly #home: string;
  readonly #options: BorgOptions;
  #archives = 0;

  /** With a repository of its own, or with one that is there. */
  static async at(
    site: Site,
    set: string,
    options: BorgOptions & { init?: boolean } = {},
  ): Promise<BareBorg> {
    const home = join(site.directory, `bare-${set}`);
    await mkdir(home, { recursive: true });
    if (options.init) await site.server.init(set, { encryption: 'none' });
    return new BareBorg(site, set, home, options);
  }

  private constructor(site: Site, set: string, home: string, options: BorgOptions) {
    this.#site = site;
    this.#set = set;
    this.#home = home;
    this.#options = options;
  }

  async create(volume: string): Promise<string> {
    return (await this.#create(volume)).archive.name;
  }

  /** The bytes that only the new archive holds. */
  async added(volume: string): Promise<number> {
    return (await this.#create(volume)).archive.stats.deduplicated_size;
  }

  async list(volume: string): Promise<void> {
    await this.run(volume, ['list']);
  }

  async extract(volume: string, archive: string): Promise<void> {
    await this.run(volume, ['extract', '--numeric-ids', `::${archive}`]);
  }

  async #create(volume: string): Promise<Created> {
    this.#archives += 1;
    const { chunkerParams } = this.#options;
    const chunker = chunkerParams === undefined ? [] : ['--chunker-params', chunkerParams];
    const args = ['create', '--json', ...chunker, `::bare-${this.#archives}`, '.'];
    return JSON.parse(await this.run(volume, args)) as Created;
  }

  async run(cwd: string, args: readonly string[]): Promise<string> {
    const { server, line, ssh, path } = this.#site;
    const env = {
      PATH: path,
      HOME: this.#home,
      BORG_BASE_DIR: this.#home,
      BORG_RSH: ssh.join(' '),
      BORG_REPO: `${server.repoBaseAt(line.port)}/${this.#set}`,
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
      BORG_EXIT_CODES: 'modern',
      LANG: 'C.UTF-8',
    };
    const { stdout, exitCode, stderr } = await execa('borg', args, {
      cwd,
      env,
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
    });
    // 1, and from 100 on: warnings, such as of a file that changed while it was read.
    if (exitCode === undefined || (exitCode > 1 && exitCode < 100))
      throw new Error(`borg ${args.join(' ')} fails with ${exitCode}:\n${stderr}`);
    return stdout;
  }
}

/** One small file, and nothing else: what the least of Borg's creates costs. */
export async function smallVolume(site: Site): Promise<string> {
  const path = join(site.directory, 'small');
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'file'), 'one small file');
  return path;
}
