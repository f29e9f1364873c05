import type { Comment } from '../comment.ts';
import type { Marker, Size } from '../marker.ts';
import { type Entry, entriesOf, type Order } from '../order.ts';
import type { Ending, Look } from '../ports.ts';

/** How much of its end a writer has said in its newest archive: closing + final. */
export type Said = 0 | 1 | 2;

/** What a look calls for. */
export type Need = 'data' | 'close' | 'end' | 'nothing';

/** What an archive says of the end of its writer. */
export interface Closing {
  readonly closing: boolean;
  readonly final: boolean;
}

/** Rows 25, 25a, 29: what to do after a look at the volume. */
export function chooseNeed(unsaved: boolean, ending: Ending, said: Said): Need {
  if (unsaved) {
    return 'data';
  }
  if (ending.sigterm) {
    return said === 2 ? 'end' : 'close';
  }
  return ending.prestop && said === 0 ? 'close' : 'nothing';
}

/** Rows 25, 25a, 29: only SIGTERM makes an archive final, since until then the application may write. */
export function sayEnding({ prestop, sigterm }: Ending): Closing {
  return { closing: prestop || sigterm, final: sigterm };
}

export function saidBy({ closing, final }: Closing): Said {
  return final ? 2 : closing ? 1 : 0;
}

/** Row 25, Memory: what counts as saved while a create is not confirmed: nothing, it may have happened or not. */
export function savedWhileCreating(_saved: string | undefined): string | undefined {
  return undefined;
}

/** Part 0, create: each try has an id of its own. */
export function chooseTry(newId: () => string): string {
  return newId();
}

/**
 * Row 25: the archive that a loss, or an archive that lacks entries, has to be accepted against. What a person accepts,
 * the next archive no longer guards against, nor later ones against the same entries.
 */
export function chooseGuard(
  { guard, base, baseSize, accepted }: Pick<Marker, 'guard' | 'base' | 'baseSize' | 'accepted'>,
  look: Look,
  shrinkGuard: number,
  accepting = false,
): string {
  if (accepting) {
    return '-';
  }
  if (guard !== '-') {
    return guard;
  }
  const shrunk = baseSize !== undefined && hasShrunk(baseSize, look, shrinkGuard);
  const lacksMore = look.unreadable.some((path) => !accepted.includes(path));
  return shrunk || lacksMore ? String(base.sequence) : '-';
}

/** What an archive says of what is guarded, and of what it lacks with a person's consent. */
export function guardOf({
  guard,
  lacks,
}: Pick<Comment, 'guard' | 'lacks'>): Pick<Marker, 'guard' | 'accepted'> {
  return { guard, accepted: guard === '-' ? lacks : [] };
}

/** Rows 25 and 18: whether the volume may be archived at all. */
export function mayArchive(found: 'same' | 'unmarked' | 'gone'): boolean {
  return found !== 'gone';
}

/** Rows 26a to 26c, 26f: whose archive has the name that was to be made. */
export function whoseName(entry: Entry | undefined, own: string): 'own' | 'foreign' | 'other' {
  if (entry === undefined) {
    return 'foreign';
  }
  return entry.comment.writer === own ? 'own' : 'other';
}

/** Row 27: whether the archive of this try is the head. */
export function isHead(order: Order, tried: string): boolean {
  return order.head?.comment.try === tried;
}

/** Row 23a: what a container that comes back to a live volume goes on from. */
export function resync(order: Order, marker: Marker): Marker | 'fenced' {
  const { head } = order;
  if (head !== undefined && head.comment.writer !== marker.writer) {
    return 'fenced';
  }
  const newest = order.data.findLast(({ comment }) => comment.writer === marker.writer);
  return {
    ...marker,
    last: head?.sequence ?? marker.last,
    ...(newest === undefined
      ? {}
      : {
          base: { sequence: newest.sequence, id: newest.archive.id },
          baseSize: sizeOf(newest.comment),
          ...guardOf(newest.comment),
        }),
  };
}

/** Row 23a: after a restart nothing counts as saved, not even what the own final archive holds. */
export function savedAfterRestart(): string | undefined {
  return undefined;
}

/** Row 24: what a list tells a writer without a claim. */
export function chooseUnclaimed(order: Order, marker: Marker): 'fenced' | 'claimed' | 'claim' {
  if (entriesOf(order).some((entry) => overtakes(entry, marker))) {
    return 'fenced';
  }
  return order.head?.comment.writer === marker.writer ? 'claimed' : 'claim';
}

/** Row 24c: data that others saved since the unclaimed start. */
export function heldAbove(order: Order, { last, writer }: Marker): readonly string[] {
  return order.data
    .filter(({ sequence, comment }) => sequence > last && comment.writer !== writer)
    .map(({ archive }) => archive.name);
}

export function sizeOf({ files, bytes }: Comment): Size {
  return { files, bytes };
}

/**
 * Row 24a: an archive of somebody who began later: a claim that is not late (a late one may be an older writer's), or
 * data of a writer that was not there at the unclaimed start, or that has claimed anew since.
 */
function overtakes({ sequence, comment }: Entry, { last, writer, known }: Marker): boolean {
  if (sequence <= last || comment.writer === writer) {
    return false;
  }
  const isNew = !known.includes(comment.writer) || comment.claim > last;
  return comment.kind === 'data' ? isNew : comment.kind === 'claim' && !comment.late;
}

function hasShrunk(before: Size, now: Size, shrinkGuard: number): boolean {
  const lost = (was: number, is: number) => was > 0 && (was - is) / was > shrinkGuard;
  return lost(before.files, now.files) || lost(before.bytes, now.bytes);
}
