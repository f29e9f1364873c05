import type { Comment } from './comment.ts';
import type { Named } from './events.ts';
import type { Entry, Fork } from './order.ts';
import type { Writer } from './writer.ts';

/** An archive as a person is told of it. */
export function named({ archive, comment }: Entry | Fork): Named {
  const { kind, writer, pod } = comment;
  return { archive: archive.name, kind, writer, pod };
}

/** Tells, once, what a save has lost. */
export function tellGuard(writer: Writer, { seq, guard, files, bytes, partial }: Comment): void {
  if (guard !== '-' && guard !== writer.toldGuard) {
    writer.toldGuard = guard;
    const archive = writer.lineageName(seq);
    writer.parts.host.tell('guarded', { archive, against: guard, files, bytes, partial });
  }
}
