import { type Claim, confirmClaim, makeClaim } from './claim.ts';
import { NO_PARENT } from './comment.ts';
import { waitForWriter } from './handover.ts';
import { backOff, isGivenUp, lockedForMs, noteUnlocked } from './lock.ts';
import { newMarker } from './marker.ts';
import type { Order } from './order.ts';
import type { Parts } from './parts.ts';
import type { Unanswered } from './ports.ts';
import { recordRequest } from './record.ts';
import { refuseAdoption, refuseMissing, refuseNonempty, refuseVanished } from './refusals.ts';
import type { Seen, Target } from './rows/start.ts';
import { startUnclaimed } from './unclaimed-start.ts';
import { isUnanswered, type Next, openGate, type Phase, refuseObstacle, Writer } from './writer.ts';

/** A writer whose gate is open, and what it begins with. */
export interface Started {
  readonly writer: Writer;
  readonly phase: Phase;
}

/** Rows 1 to 22: from the boot of a container until the application may run. Rejects where a person is needed. */
export async function start(parts: Parts): Promise<Started> {
  const { volume, table, rules, host } = parts;
  const found = await volume.find();
  const kind = table.boot(found, rules.onNonemptyVolume);
  if (kind === 'vanished') {
    throw refuseVanished(rules.volume);
  }
  if (kind === 'nonempty') {
    throw refuseNonempty(rules.volume);
  }
  const known = found.marker ?? found.record;
  const writer = new Writer(parts, known ?? newMarker(host.newId(), NO_PARENT));
  host.tell('writer', { writer: writer.marker.writer });
  switch (kind) {
    case 'restore':
      return { writer, phase: await restore(writer, found.marker === undefined) };
    case 'adopt':
      return { writer, phase: await adopt(writer) };
    default:
      return { writer, phase: await resume(writer, kind === 'recover') };
  }
}

/** Rows 6 and 7: the application may be running; the volume is not touched. */
async function resume(writer: Writer, unmarked: boolean): Promise<Phase> {
  const { volume, table, host } = writer.parts;
  writer.marked = true;
  if (unmarked) {
    host.tell('marker.restored', {});
    await writer.remember({});
  }
  await volume.openGate(writer.marker);
  writer.saved = table.savedAfterRestart();
  if (writer.marker.state === 'fenced') {
    return 'fenced';
  }
  return writer.marker.claimed ? 'resync' : 'unclaimed';
}

/** Rows 1 and 4. Whatever comes between, the start begins anew with the list. */
async function restore(writer: Writer, fresh: boolean): Promise<Phase> {
  if (fresh) {
    await writer.parts.volume.writeMarker(writer.marker);
  }
  writer.marked = true;
  const seen = new Map<string, Seen>();
  for (;;) {
    const next = await attemptRestore(writer, seen);
    if (next !== 'on') {
      return next;
    }
  }
}

/** Rows 9 to 22, once. */
async function attemptRestore(writer: Writer, seen: Map<string, Seen>): Promise<Next> {
  const { table, rules, host, volume } = writer.parts;
  const first = await firstList(writer);
  if (isUnanswered(first)) {
    return await startUnclaimed(writer, seen, first);
  }
  refuseObstacle(writer, first);
  if (await waitForWriter(writer, first, seen, host.now())) {
    return 'on';
  }
  const target = table.chooseTarget(first, rules.request, writer.lacking);
  if (target === undefined) {
    throw refuseMissing(rules.set, rules.request?.text ?? '');
  }
  const claim = await claimAndExtract(writer, first, target);
  if (claim === undefined) {
    return 'on';
  }
  if (isUnanswered(claim)) {
    return await startUnclaimed(writer, seen, claim);
  }
  await volume.settle();
  takeOver(writer, first, claim);
  if (table.mustRecord(target) && !(await recordRequest(writer, target))) {
    return 'on';
  }
  await openGate(writer, { claimed: true, saved: true });
  return 'live';
}

/** Row 3: keeps the files of a volume that no archive stands against. */
async function adopt(writer: Writer): Promise<Phase> {
  const { host, volume } = writer.parts;
  for (;;) {
    const first = await firstList(writer);
    if (isUnanswered(first)) {
      await host.backOff('start', first.failure, writer.ending);
      continue;
    }
    refuseObstacle(writer, first);
    if (first.newest !== undefined) {
      throw refuseAdoption(writer.parts.rules.volume, first.newest.archive.name);
    }
    const sequence = await makeClaim(writer, first);
    if (typeof sequence === 'object') {
      await host.backOff('start', sequence.failure, writer.ending);
      continue;
    }
    const claim = sequence === undefined ? undefined : await confirmClaim(writer, first, sequence);
    if (claim !== undefined) {
      await volume.settle();
      takeOver(writer, first, claim);
      await openGate(writer, { claimed: true, saved: false });
      return 'live';
    }
  }
}

/**
 * Rows 9 and 10: the first list that answers; or what stands against it, once a lock has been held for too long or the
 * server's disk is full.
 */
async function firstList(writer: Writer): Promise<Order | Unanswered> {
  const { host, rules } = writer.parts;
  for (;;) {
    const seen = writer.ending;
    const began = host.now();
    const answer = await writer.listOnce({ lockWaitMs: rules.lockTimeoutMs - (lockedForMs(writer) ?? 0) });
    if (!isUnanswered(answer)) {
      host.recovered();
      await noteUnlocked(writer);
      return answer;
    }
    if (await isGivenUp(writer, answer, began)) {
      return answer;
    }
    await backOff(writer, answer, seen);
  }
}

/**
 * Rows 14 to 18: a claim that is confirmed and an archive that is extracted, or neither. The extraction begins once the
 * claim is made, beside the list that confirms it: each holds the lock that keeps the other from it.
 */
async function claimAndExtract(
  writer: Writer,
  first: Order,
  target: Target,
): Promise<Claim | Unanswered | undefined> {
  const { volume, host } = writer.parts;
  const sequence = await makeClaim(writer, first);
  if (typeof sequence !== 'number') {
    return sequence;
  }
  const seen = writer.ending;
  const stop = new AbortController();
  const { signal } = stop;
  const confirming = confirmClaim(writer, first, sequence, signal);
  const extracting = volume.extract(target.archive, { signal }).then(
    () => undefined,
    (error: unknown) => {
      const ended = signal.aborted;
      stop.abort();
      return ended ? 'ended' : { error };
    },
  );
  const claim = await confirming.catch((error) => ({ error: error as unknown }));
  if (claim === undefined || 'error' in claim) {
    stop.abort();
  }
  const failure = await extracting;
  if (claim !== undefined && 'error' in claim) {
    throw claim.error;
  }
  if (failure !== undefined && failure !== 'ended') {
    await host.backOff('start', failure.error, seen);
  }
  return failure === undefined ? claim : undefined;
}

/** Row 20, and what row 19 begins with. */
function takeOver(writer: Writer, order: Order, { sequence, done }: Claim): void {
  writer.done = done;
  writer.takeOver(order, { claim: sequence, last: sequence });
}
