import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTHING, plus, type Usage } from './usage.ts';

/** Runs the command, and leaves a note of what it and its children took. */
const WRAPPER = `#!/bin/sh
COMMAND "$@"
code=$?
note=NOTES/$$
{ grep ^write_bytes /proc/$$/io; times; } >"$note.new"
mv "$note.new" "$note"
exit $code
`;

/** Programs that others start, such as the ssh of a borg or the borg of an sshd, under a wrapper that measures them. */
export class Meter {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The wrapper's path: a name of its own in a directory of its own, which can stand in a PATH. */
  async wrap(role: string, name: string, command: string): Promise<string> {
    const [bin, notes] = [join(this.#directory, `${role}-bin`), this.#notes(role)];
    for (const path of [bin, notes]) await mkdir(path, { recursive: true });
    const path = join(bin, name);
    await writeFile(path, WRAPPER.replace('COMMAND', command).replace('NOTES', notes));
    await chmod(path, 0o755);
    return path;
  }

  /** What the ended ones of a role took since this was last asked. */
  async take(role: string): Promise<Usage> {
    const notes = this.#notes(role);
    let sum = NOTHING;
    for (const name of await readdir(notes)) {
      if (name.endsWith('.new')) continue;
      sum = plus(sum, parse(await readFile(join(notes, name), 'utf8')));
      await rm(join(notes, name));
    }
    return sum;
  }

  #notes(role: string): string {
    return join(this.#directory, `${role}-notes`);
  }
}

/** `times` of the shell: minutes and seconds, own user and system, then the children's. */
function parse(note: string): Usage {
  const cpu = [...note.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds))
    .reduce((sum, seconds) => sum + seconds, 0);
  return { cpu, written: Number(/^write_bytes: (\d+)/m.exec(note)?.[1] ?? 0) };
}
