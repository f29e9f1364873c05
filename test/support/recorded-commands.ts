import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Environment, Pod } from './pod.ts';

/** Commands on a pod's PATH that note what they are given, and go on as the real ones. */
export class RecordedCommands {
  /** For the pod: they come first. */
  readonly env: Environment;
  readonly #directory: string;

  static async of(pod: Pod, names: readonly string[]): Promise<RecordedCommands> {
    const directory = join(pod.dir, 'recorded');
    const path = pod.environment.PATH ?? '';
    await mkdir(directory);
    // A pod may run as anybody.
    await chmod(directory, 0o777);
    for (const name of names) {
      const { stdout: real } = await execa('sh', ['-c', `command -v ${name}`], { env: { PATH: path } });
      const script = [
        '#!/bin/sh',
        `cat /proc/$$/environ >> '${directory}/${name}.environment'`,
        `cat /proc/$$/cmdline >> '${directory}/${name}.arguments'`,
        `exec '${real}' "$@"`,
        '',
      ].join('\n');
      await writeFile(join(directory, name), script);
      await chmod(join(directory, name), 0o755);
    }
    return new RecordedCommands(directory, { PATH: `${directory}:${path}` });
  }

  private constructor(directory: string, env: Environment) {
    this.#directory = directory;
    this.env = env;
  }

  /** All that a command was given so far, as the kernel shows it: each part ends with a zero byte. */
  async given(name: string, what: 'environment' | 'arguments'): Promise<string> {
    return await readFile(join(this.#directory, `${name}.${what}`), 'latin1');
  }
}
