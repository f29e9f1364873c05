/** Who restores, and what that may do. */
export interface Self {
  readonly uid: number;
  readonly gid: number;
  /** May give files away: CAP_CHOWN. */
  readonly canChown: boolean;
  /** May set extended attributes and ACLs again: CAP_CHOWN and CAP_SETFCAP. */
  readonly canSetAttributes: boolean;
  /** `USER_UID` says that every file is this user's. */
  readonly takesAll: boolean;
}

/** Who owns the files after a restore. */
export type Owners =
  | { readonly kind: 'as-archived' }
  /** All become the own user's. `others` are the archived owners that this is not true to. */
  | { readonly kind: 'own'; readonly others: readonly number[] }
  /** Several owners would become one. */
  | { readonly kind: 'refused'; readonly others: readonly number[] };

/** Decides who owns the files of an archive after its restore. Borg itself says nothing where it can't set an owner. */
export function decideOwners(archived: Iterable<{ readonly uid: number }>, self: Self): Owners {
  if (self.canChown && !self.takesAll) {
    return { kind: 'as-archived' };
  }
  const uids = new Set<number>();
  for (const { uid } of archived) {
    uids.add(uid);
  }
  const others = [...uids].filter((uid) => uid !== self.uid).sort((a, b) => a - b);
  return { kind: uids.size > 1 && !self.takesAll ? 'refused' : 'own', others };
}
