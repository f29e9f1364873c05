import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from '../../test/support/limit.ts';
import { until } from '../../test/support/until.ts';
import type { Site } from '../site.ts';

/** Nothing has gone over the line for this long: the first copy has been made. */
const QUIET_MS = 5_000;

/** litestream over sftp: it follows the write-ahead log of one database, second by second. */
export class Litestream {
  readonly #child: ChildProcess;

  /** With its first copy made. */
  static async start(site: Site, { program, file }: { program: string; file: string }): Promise<Litestream> {
    const config = join(site.directory, 'litestream.yml');
    const { server, line, login } = site;
    const [user = ''] = login.split('@');
    const replica = {
      type: 'sftp',
      host: `${server.host}:${line.port}`,
      user,
      'key-path': join(site.directory, 'secret', 'ssh-privatekey'),
      path: join(site.directory, 'litestream'),
    };
    // JSON is YAML.
    await writeFile(config, JSON.stringify({ dbs: [{ path: file, replica }] }));
    const litestream = new Litestream(program, config);
    try {
      await litestream.#settle(site);
      return litestream;
    } catch (error) {
      await litestream[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(program: string, config: string) {
    const command = ['--pdeathsig', 'KILL', program, 'replicate', '-config', config];
    this.#child = spawn('setpriv', command, { stdio: 'ignore' });
    // Missing altogether: the wait for its first copy says so.
    this.#child.on('error', () => undefined);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('litestream was not started.');
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await within(gone, '30s', () => 'litestream ends').catch(() => this.#child.kill('SIGKILL'));
  }

  /** Until the first copy has gone over and small changes only follow. */
  async #settle({ line }: Site): Promise<void> {
    let seen = { sent: -1, at: performance.now() };
    await until(
      () => {
        const { sent } = line.traffic;
        if (sent > seen.sent + 1_000_000) seen = { sent, at: performance.now() };
        return { ended: this.#child.exitCode, sent, quietMs: performance.now() - seen.at };
      },
      ({ ended, sent, quietMs }) => ended !== null || (sent > 1_000_000 && quietMs > QUIET_MS),
      '5m',
    );
    if (this.#child.exitCode !== null) throw new Error(`litestream ended with ${this.#child.exitCode}`);
  }
}
