import type { Writer } from './writer.ts';

/** Row 25: whether a person waits for an archive that guards against nothing; where nothing is guarded, that is the answer. */
export function isAccepting({ parts: { host }, marker }: Writer): boolean {
  if (host.accepting && marker.guard === '-') {
    host.tell('accepted', { archive: undefined });
  }
  return host.accepting;
}
