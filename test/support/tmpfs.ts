import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A small disk of its own that can be filled up. Only root can mount one. */
export class Tmpfs {
  readonly path: string;

  static async mount(path: string, size: `${number}m`): Promise<Tmpfs> {
    await mkdir(path, { recursive: true });
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', path]);
    return new Tmpfs(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** To the last byte. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    await writeFile(join(this.path, 'filling'), Buffer.alloc(bavail * bsize));
  }

  async free(): Promise<void> {
    await rm(join(this.path, 'filling'), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await execa('umount', ['--lazy', this.path]);
  }
}
