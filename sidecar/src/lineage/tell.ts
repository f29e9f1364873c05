import type { Named } from './events.ts';
import type { Entry, Fork } from './order.ts';

/** An archive as a person is told of it. */
export function named({ archive, comment }: Entry | Fork): Named {
  const { kind, writer, pod } = comment;
  return { archive: archive.name, kind, writer, pod };
}
