import { open, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '../../test/support/noise.ts';
import { fillVolume } from '../../test/support/volume.ts';

const MIB = 1024 * 1024;
const BLOCK = 64 * MIB;

/** A volume's shape. */
export interface Tree {
  readonly files: number;
  readonly mebibytes: number;
}

/** Fills the directory; one large file is written block by block. Returns the paths, seen from it. */
export async function plant(directory: string, { files, mebibytes }: Tree): Promise<string[]> {
  const bytes = mebibytes * MIB;
  if (files > 1) return await fillVolume(directory, { files, bytes });
  const path = join(directory, 'large.bin');
  await using file = await open(path, 'w');
  for (let at = 0; at < bytes; at += BLOCK)
    await file.write(noise(`large/${at}`, Math.min(BLOCK, bytes - at)));
  const longAgo = new Date('2026-01-02T03:04:05.678Z');
  await utimes(path, longAgo, longAgo);
  return ['large.bin'];
}

export function describe({ files, mebibytes }: Tree): string {
  const count = files === 1 ? 'one file' : `${files} files`;
  return mebibytes >= 1024 ? `${count} of ${mebibytes / 1024} GiB` : `${count}, ${mebibytes} MiB`;
}
