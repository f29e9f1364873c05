import type { Chore } from './rows/upkeep.ts';
import { unlessEnding } from './tidy.ts';
import type { Writer } from './writer.ts';

/** Upkeep takes a small part of the time. */
const NOT_BEFORE_TIMES = 20;
/** After a failure, and between the parts of a check. */
const UNDONE_NOT_BEFORE_MS = 600_000;

/** Once, after the gate is open: the last save finds what it needs at hand. Where a save follows at once, that does it. */
export async function warmUp(writer: Writer): Promise<void> {
  if (writer.saved !== undefined) {
    await unlessEnding(writer, () => writer.parts.repository.warm(), tellFailed(writer, 'warm'));
  }
}

/** One chore, if one is due. It ends at once where the end of the pod comes on; nothing depends on it. */
export async function keepUp(writer: Writer): Promise<void> {
  const { host, table, rules } = writer.parts;
  const beganMs = host.now();
  const chore = table.chooseChore(writer.marker, rules, host.date());
  if (chore === undefined || beganMs < writer.upkeepNotBeforeMs) {
    return;
  }
  await unlessEnding(writer, () => doChore(writer, chore), tellFailed(writer, chore));
  const tookMs = host.now() - beganMs;
  const isDone = table.chooseChore(writer.marker, rules, host.date()) !== chore;
  const leastMs = isDone ? 0 : UNDONE_NOT_BEFORE_MS;
  writer.upkeepNotBeforeMs = host.now() + Math.max(leastMs, tookMs * NOT_BEFORE_TIMES);
}

async function doChore(writer: Writer, chore: Chore): Promise<void> {
  const { repository, host, rules } = writer.parts;
  const beganMs = host.now();
  // Others wait for the lock meanwhile, and an unsaved change must not get too old.
  const result =
    chore === 'compact' ? await repository.compact() : await repository.check(rules.intervalMs / 2);
  const now = Math.floor(host.date() / 1_000);
  if (chore === 'compact') {
    await writer.remember({ compacted: now, added: 0 });
  } else if (result === 'whole') {
    await writer.remember({ checked: now });
  }
  host.tell('upkeep.done', { chore, result, seconds: (host.now() - beganMs) / 1_000 });
}

function tellFailed({ parts: { host } }: Writer, chore: Chore | 'warm') {
  return (error: unknown) => host.tell('upkeep.failed', { chore, error });
}
