import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { repositoryRoot } from '../test/support/paths.ts';

const PACKAGES = ['restic', 'rsync'] as const;
const LITESTREAM = 'github.com/benbjohnson/litestream/cmd/litestream@v0.5.18';

/** What can't be had, and why: the benchmark goes on without it, and says so. */
export interface Litestream {
  readonly path?: string;
  readonly version: string;
  readonly missing?: string;
}

/** Installs the rivals that are packages of Debian, as root; else it says what to type. */
export async function installRivals(say: (line: string) => void): Promise<void> {
  const missing = PACKAGES.filter((name) => find(name) === undefined);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || find('apt-get') === undefined)
    throw new Error(`${missing.join(' and ')} can't be found. Type: sudo ${command}`);
  say(`Installing ${missing.join(' and ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const [file = '', ...args] = command.split(' ');
  const { exitCode } = await execa(file, args, { env, reject: false });
  if (exitCode === 0) return;
  await execa('apt-get', ['update', '-q'], { env });
  await execa(file, args, { env });
}

/** Built once with Go, from its module. */
export async function buildLitestream(say: (line: string) => void): Promise<Litestream> {
  const version = LITESTREAM.split('@')[1] ?? '';
  const bin = join(repositoryRoot, '.cache', 'bench');
  const path = join(bin, 'litestream');
  const stamp = join(bin, 'litestream.module');
  const built = await readFile(stamp, 'utf8').catch(() => '');
  if (existsSync(path) && built === LITESTREAM) return { path, version };
  if (find('go') === undefined) return { version, missing: 'Go is not installed' };
  say(`Building litestream ${version}`);
  await mkdir(bin, { recursive: true });
  await rm(path, { force: true });
  const made = await execa('go', ['install', LITESTREAM], { env: { GOBIN: bin }, reject: false });
  if (made.exitCode !== 0) {
    const reason = made.stderr.trim().split('\n').at(-1) ?? 'go install failed';
    return { version, missing: `go install fails: ${reason}` };
  }
  await writeFile(stamp, LITESTREAM);
  return { path, version };
}

function find(name: string): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter);
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}
