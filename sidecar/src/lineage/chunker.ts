const KIB = 1024;
const SMALLEST = 64 * KIB;
const LARGEST = 4 * KIB * KIB;
/** More chunks than this make the repository's index, which each commit rewrites, too large. */
const MOST_CHUNKS = 65_536;

/**
 * The `--chunker-params` of a save.
 *
 * @param setting what the user chose: Borg's own parameters, or `auto`
 * @param inherited what the newest data archive was cut with, if there is one
 * @param bytes the size of the volume
 */
export function chooseChunker(setting: string, inherited: string | undefined, bytes: number): string {
  if (setting !== 'auto') {
    return setting;
  }
  return inherited || `fixed,${chunkSize(bytes)}`;
}

function chunkSize(bytes: number): number {
  let size = SMALLEST;
  while (size < LARGEST && bytes / size > MOST_CHUNKS) {
    size *= 2;
  }
  return size;
}
