/** The place of an archive's name in the order of a set. */
export type ArchiveName =
  | { readonly kind: 'lineage'; readonly sequence: number }
  /** Saved by a fenced writer, outside the order. */
  | { readonly kind: 'fork'; readonly writer: string; readonly number: number }
  /** Made by the predecessor: `<epoch>` or `<epoch>-exit`. */
  | { readonly kind: 'legacy'; readonly epoch: number; readonly exit: boolean }
  | { readonly kind: 'foreign' };

const DIGITS = 10;
/** The highest number that a name has room for. */
export const LAST_SEQUENCE = 10 ** DIGITS - 1;

/** The archive name of a sequence: `<set>-<10 digits>`. */
export function lineageName(set: string, sequence: number): string {
  return `${set}-${String(sequence).padStart(DIGITS, '0')}`;
}

/** The name of a writer's fork: `<set>.fork-<writer>-<number>`, numbers from 1. */
export function forkName(set: string, writer: string, number: number): string {
  return `${set}.fork-${writer}-${number}`;
}

/** What a name says. Only the name counts here; whether the archive is ours is in its comment. */
export function readName(set: string, name: string): ArchiveName {
  const rest = name.startsWith(set) ? name.slice(set.length) : '';
  if (/^-\d{10}$/.test(rest)) {
    return { kind: 'lineage', sequence: Number(rest.slice(1)) };
  }
  const fork = /^\.fork-([0-9a-f]{16})-([1-9]\d{0,14})$/.exec(rest);
  if (fork) {
    return { kind: 'fork', writer: fork[1] ?? '', number: Number(fork[2]) };
  }
  const legacy = /^(\d{1,15})(-exit)?$/.exec(name);
  if (legacy) {
    return { kind: 'legacy', epoch: Number(legacy[1]), exit: legacy[2] !== undefined };
  }
  return { kind: 'foreign' };
}
