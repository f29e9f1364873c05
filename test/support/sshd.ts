import { existsSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { Journal } from './journal.ts';
import type { Limit } from './limit.ts';
import { borgPython, executable } from './paths.ts';
import { descendants, killTree, type Process, signal } from './processes.ts';
import { until } from './until.ts';

/**
 * Makes sshd the parent of what a killed session leaves behind (PR_SET_CHILD_SUBREAPER), which it then reaps. In a
 * container nobody else may: a dead `borg serve` would stay a zombie, and its lock a live one.
 */
const adoptOrphans =
  'import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1); os.execv(sys.argv[1], sys.argv[1:])';

/** OpenSSH's server under one configuration: up, down, and up again. */
export class Sshd {
  /** What it wrote since the last start. */
  log = new Journal<string>((line) => line);
  readonly #config: string;
  #running: { pid: number; ended: Promise<unknown> } | undefined;

  constructor(config: string) {
    this.#config = config;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const log = new Journal<string>((line) => line);
    this.log = log;
    // The kernel ends it should this process be killed.
    const wrapper = ['--pdeathsig', 'KILL', executable(borgPython), '-ISc', adoptOrphans];
    // Its own absolute path, which it needs to restart itself.
    const sshd = execa('setpriv', [...wrapper, '/usr/sbin/sshd', '-D', '-e', '-f', this.#config], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      buffer: false,
      reject: false,
    });
    createInterface({ input: sshd.stderr }).on('line', (line) => log.push(line));
    const ended = sshd.then((result) => log.end(`sshd ended with ${result.exitCode ?? result.signal}`));
    if (sshd.pid === undefined) throw new Error('sshd was not started: is setpriv installed?');
    this.#running = { pid: sshd.pid, ended };
    try {
      await this.#listening(0);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Down, like a server that is switched off: every session ends, the port refuses. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    const { pid, ended } = this.#running;
    await this.killSessions();
    this.#running = undefined;
    await killTree(pid, { self: true });
    await ended;
  }

  /** Reads configuration and host key anew; sessions go on. */
  async reload(): Promise<void> {
    if (!this.#running) return;
    const from = this.log.entries.length;
    signal(this.#running.pid, 'SIGHUP');
    await this.#listening(from);
  }

  /** The sessions' processes: sshd's own, the shell, `borg serve`. */
  sessions(): Process[] {
    return this.#running ? descendants(this.#running.pid) : [];
  }

  signalSessions(name: NodeJS.Signals): number {
    return this.sessions().filter(({ pid }) => signal(pid, name)).length;
  }

  /** Ends every session at once, as a server that loses power; returns when nothing of them is left. */
  async killSessions(): Promise<void> {
    if (!this.#running) return;
    const killed = await killTree(this.#running.pid, { self: false });
    // A zombie still counts: Borg takes its lock for a live one.
    await until(
      () => killed.filter(({ pid }) => existsSync(`/proc/${pid}`)),
      (left) => left.length === 0,
    );
  }

  async line(pattern: RegExp, limit: Limit = '30s'): Promise<string> {
    return await this.log.find({ match: (line) => pattern.test(line), what: `sshd says ${pattern}`, limit });
  }

  async #listening(from: number): Promise<void> {
    const match = (line: string) => line.startsWith('Server listening on ');
    await this.log.find({ match, what: 'sshd listens', limit: '30s', from });
  }
}
