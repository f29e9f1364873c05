import type { Writer } from './writer.ts';

/**
 * Row 25: whether the next archive guards against nothing because a person accepts what is guarded. Where nothing is,
 * that is the answer: a loss that no archive has yet is none that anybody can have looked at.
 */
export function isAccepting(writer: Writer): boolean {
  const { host } = writer.parts;
  writer.accepting ||= host.accepting && writer.marker.guard !== '-';
  if (host.accepting && !writer.accepting) {
    host.tell('accepted', { archive: undefined });
  }
  return writer.accepting;
}

/** Row 24: without a claim there is no archive that could say so. */
export function refuseToAccept({ parts: { host } }: Writer): void {
  if (host.accepting) {
    host.tell('accept.refused', {});
  }
}
