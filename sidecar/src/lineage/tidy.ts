import type { Order } from './order.ts';
import type { Writer } from './writer.ts';

/** Row 21a: deletes, once, the records that this writer's claim has made superfluous. */
export async function deleteDone(writer: Writer): Promise<void> {
  const names = writer.done;
  writer.done = [];
  await deleteNames(writer, names);
}

/** Row 28: what retention and the new archive leave over, from the list that confirmed it. */
export async function retain(writer: Writer, order: Order, own: number): Promise<void> {
  const { table, rules } = writer.parts;
  if (writer.marker.guard === '-') {
    await deleteNames(writer, table.chooseDeletions(order, own, rules.keep).names);
  }
}

/** Nothing depends on it, and it ends where the end of the pod comes on: what stays is deleted after a later save. */
export async function deleteNames(writer: Writer, archives: readonly string[]): Promise<void> {
  const { repository, host } = writer.parts;
  if (archives.length === 0) {
    return;
  }
  await unlessEnding(
    writer,
    async () => {
      await repository.delete(archives);
      host.tell('deleted', { archives });
    },
    (error) => host.tell('delete.failed', { error }),
  );
}

/** What nothing depends on: it is not begun where the end of the pod comes on, and its failure is told only before that. */
export async function unlessEnding(
  writer: Writer,
  act: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const isEnding = () => writer.ending.prestop || writer.ending.sigterm;
  if (isEnding()) {
    return;
  }
  try {
    await act();
  } catch (error) {
    if (!isEnding()) {
      onFailure(error);
    }
  }
}
