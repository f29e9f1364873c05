/** The place of an archive's name in the order of a set. */
export type ArchiveName =
  | { readonly kind: 'lineage'; readonly sequence: number }
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

/** What a name says. Only the name counts here; whether the archive is ours is in its comment. */
export function readName(set: string, name: string): ArchiveName {
  if (name.startsWith(`${set}-`) && /^\d{10}$/.test(name.slice(set.length + 1))) {
    return { kind: 'lineage', sequence: Number(name.slice(set.length + 1)) };
  }
  const legacy = /^(\d{1,15})(-exit)?$/.exec(name);
  if (legacy) {
    return { kind: 'legacy', epoch: Number(legacy[1]), exit: legacy[2] !== undefined };
  }
  return { kind: 'foreign' };
}
