import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that ends with its owner. Its path is short: a Unix socket's may have 107 bytes. */
export class TemporaryDirectory {
  readonly path: string;

  static async make(name = 'bvs'): Promise<TemporaryDirectory> {
    const path = await mkdtemp(join(await realpath(tmpdir()), `${name}-`));
    // Other users pass through: pods may run as somebody else.
    await chmod(path, 0o755);
    return new TemporaryDirectory(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
