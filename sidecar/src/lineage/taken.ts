import type { Comment } from './comment.ts';
import type { Marker } from './marker.ts';
import type { Entry } from './order.ts';
import type { Unanswered } from './ports.ts';
import { guardOf } from './rows/live.ts';
import { isUnanswered, type Writer } from './writer.ts';

/** The archive that has a number which was to be made. */
export type Taken =
  | { readonly whose: 'own'; readonly entry: Entry }
  | { readonly whose: 'foreign' | 'other'; readonly entry?: undefined };

/** Rows 26a to 26c and 26f: a number that is taken is the last one, unless it fences; own data is the base of the next. */
export async function findTaken(writer: Writer, sequence: number): Promise<Taken | Unanswered> {
  const { host, table } = writer.parts;
  const name = writer.lineageName(sequence);
  const found = await writer.findExisting(name);
  if (isUnanswered(found)) {
    return found;
  }
  const { entry } = found;
  const whose = table.whoseName(entry, writer.marker.writer);
  if (whose === 'other') {
    return { whose };
  }
  const data = whose === 'own' && entry?.comment.kind === 'data' ? entry : undefined;
  await writer.remember(data ? basedOn(data.comment, data.archive.id) : { last: sequence });
  if (whose === 'foreign' || entry === undefined) {
    host.tell('number.taken', { archive: name });
    return { whose: 'foreign' };
  }
  return { whose, entry };
}

/** An archive that lacks entries, and may be there all the same, stands for no fingerprint. */
export function forgetIncomplete(writer: Writer, comment: Comment, { incomplete }: Unanswered): void {
  if (incomplete) {
    writer.tries.delete(comment.try);
  }
}

/** What the marker keeps of the own newest data archive. */
export function basedOn(comment: Comment, id: string): Partial<Marker> {
  const { seq, files, bytes, chunker } = comment;
  return { last: seq, base: { sequence: seq, id }, baseSize: { files, bytes }, chunker, ...guardOf(comment) };
}
