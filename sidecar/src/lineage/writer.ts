import type { Comment } from './comment.ts';
import type { Marker } from './marker.ts';
import { forkName, lineageName } from './names.ts';
import { type Entry, entriesOf, type Order, parentOf } from './order.ts';
import type { Parts } from './parts.ts';
import type { Activity, Created, Creation, Ending, ListHow, Look, Unanswered } from './ports.ts';
import { NameTaken } from './refusal.ts';
import { refuseFor, refuseOther, refuseUnpinned } from './refusals.ts';
import { type Closing, guardOf, type Said, sizeOf } from './rows/live.ts';
import { findHeld } from './rows/retention.ts';
import { Schedule } from './schedule.ts';
import { named } from './tell.ts';

/** What becomes of a writer whose gate is open. */
export type Phase = 'resync' | 'unclaimed' | 'live' | 'fenced' | 'ended';
/** A claim says nothing of an end, whatever has been told. */
export const BEGINNING: Closing = { closing: false, final: false };
/** What a step of a phase comes to: another phase, or the same once more. */
export type Next = Phase | 'on';

/** A writer whose gate is open: its marker, and what it remembers until its container ends. */
export class Writer {
  readonly parts: Parts;
  marker: Marker;
  /** The fingerprint of the volume as the newest confirmed archive holds it, or none. */
  saved: string | undefined;
  /** Which fingerprint each try to create stands for. */
  readonly tries = new Map<string, string>();
  /** What the own newest archive says of the end. */
  said: Said = 0;
  /** When it looks at the volume and saves. */
  readonly schedule: Schedule;
  /** Why the newest own archive has to be made anew, where that is so. */
  incomplete: unknown;
  /** Id of the own newest record of a request that is known to lack entries: row 19. */
  lacking: string | undefined;
  /** The guard that a person has been told of, by this writer or before it. */
  toldGuard = '-';
  /** A person accepts what is guarded, and no list has shown an archive that says so. */
  accepting = false;
  /** The head whose writer is being waited for, once that is told. */
  waitingFor: string | undefined;
  /** Upkeep that failed, or is half done, is not tried before this. */
  upkeepNotBeforeMs = 0;
  /** Whether the volume has this writer's marker. */
  marked = false;
  /** Records of the list that confirmed the claim, below it: row 21a. */
  done: readonly string[] = [];
  /** An answer came from another repository, or the order is not known: nothing is created before a list is right. */
  #mustList = false;

  constructor(parts: Parts, marker: Marker, saved?: string) {
    this.parts = parts;
    this.marker = marker;
    this.saved = saved;
    this.schedule = new Schedule(parts.rules);
  }

  get ending(): Ending {
    const { prestop, sigterm } = this.parts.host.ending;
    return { prestop, sigterm };
  }

  /** Looks at the volume. */
  async look(): Promise<Look> {
    const look = await this.parts.volume.look();
    const { files, bytes, unreadable, digest } = look;
    this.parts.host.tell('looked', { files, bytes, unreadable, unsaved: digest !== this.saved });
    return look;
  }

  /** Replaces the marker. The order does not depend on it while the container runs, so a full disk stops nothing. */
  async remember(change: Partial<Marker>): Promise<void> {
    this.marker = { ...this.marker, ...change };
    if (!this.marked) {
      return;
    }
    try {
      await this.parts.volume.writeMarker(this.marker);
    } catch (error) {
      this.parts.host.tell('marker.failed', { error });
    }
  }

  /** One list, refused if it is of another repository: row 5. */
  async listOnce(how: ListHow = {}): Promise<Order | Unanswered> {
    const { repository, rules, table, host } = this.parts;
    const answer = await repository.list(how);
    if (answer.kind !== 'listed') {
      return answer;
    }
    this.checkRepository(answer.repositoryId);
    const order = table.readOrder(rules.set, answer);
    host.tell('listed', describeOrder(order, this.marker));
    this.#mustList = false;
    return order;
  }

  /** Lists until it answers. */
  async list(activity: Activity): Promise<Order> {
    return await this.#repeat(activity, () => this.listOnce());
  }

  /** Repeats a step until it is done, whatever fails in it. Rejects only where the program is told to end. */
  async untilDone<T extends object | string>(
    activity: Activity | (() => Activity),
    step: (seen: Ending) => Promise<T | Unanswered>,
  ): Promise<T> {
    const result = await this.#repeat(activity, step);
    if (result !== 'ended') {
      this.parts.host.recovered();
    }
    return result;
  }

  async #repeat<T extends object | string>(
    activity: Activity | (() => Activity),
    step: (seen: Ending) => Promise<T | Unanswered>,
  ): Promise<T> {
    const { host } = this.parts;
    for (;;) {
      const seen = this.ending;
      let failure: unknown;
      try {
        const result = await step(seen);
        if (!isUnanswered(result)) {
          return result;
        }
        failure = result.failure;
      } catch (error) {
        failure = error;
      }
      await host.backOff(typeof activity === 'string' ? activity : activity(), failure, seen);
    }
  }

  /** Creates an archive of this writer; before it, what is needed to create in the right repository: row 5. */
  async create(creation: Creation): Promise<Created | { kind: 'exists' } | Unanswered> {
    if (this.#mustList) {
      const answer = await this.listOnce();
      if (isUnanswered(answer)) {
        return { ...answer, kind: 'error' };
      }
    }
    const answer = await this.parts.repository.create(creation);
    if (answer.kind === 'created') {
      this.checkRepository(answer.repositoryId);
    }
    return answer;
  }

  /** The archive that has a name which was to be made: part 0, `exists`. Undefined if that can't be told. */
  async findExisting(name: string): Promise<{ entry: Entry | undefined } | Unanswered> {
    const order = await this.listOnce();
    if (isUnanswered(order)) {
      return { ...order, kind: 'error' };
    }
    if (!order.archives.some((archive) => archive.name === name)) {
      return { kind: 'error', failure: new NameTaken(name) };
    }
    return { entry: entriesOf(order).find(({ archive }) => archive.name === name) };
  }

  /** Row 5, and REPOSITORY_ID. */
  checkRepository(found: string): void {
    const own = this.marker.repo;
    const pinned = this.parts.rules.repositoryId;
    if (pinned !== undefined && pinned !== found) {
      this.#mustList = true;
      throw refuseUnpinned(found, pinned);
    }
    if (own !== undefined && own !== found) {
      this.#mustList = true;
      throw refuseOther(found, own);
    }
  }

  /** Rows 20 and 22: the volume holds the newest data of this order. */
  takeOver(order: Order, change: Pick<Marker, 'last'> & Partial<Marker>): void {
    const { newest, repositoryId } = order;
    const comment = newest?.kind === 'data' ? newest.comment : undefined;
    this.marker = {
      ...this.marker,
      ...{ repo: repositoryId, base: parentOf(newest), ...this.parts.table.inherit(order) },
      accepted: comment ? guardOf(comment).accepted : [],
      ...{ baseSize: comment && sizeOf(comment), chunker: comment?.chunker },
      ...change,
    };
  }

  lineageName(sequence: number): string {
    return lineageName(this.parts.rules.set, sequence);
  }

  forkName(number: number): string {
    return forkName(this.parts.rules.set, this.marker.writer, number);
  }

  /** The comment of an archive that holds the volume. */
  describeData(kind: 'data' | 'fork', seq: number, look: Look, closing: Closing): Comment {
    const { rules } = this.parts;
    const { files, bytes, unreadable } = look;
    return {
      ...this.describeRecord('close', seq, closing),
      kind,
      partial: unreadable.length > 0,
      lacks: unreadable,
      files,
      bytes,
      chunker: rules.chunkerFor(this.marker.chunker, bytes),
    };
  }

  /** The comment of a record. */
  describeRecord(kind: 'claim' | 'close', seq: number, { closing, final }: Closing, late = false): Comment {
    const { rules, host, table } = this.parts;
    const { base, writer, restore, guard, legacy, added, compacted, checked } = this.marker;
    const claim = kind === 'claim' ? seq : this.marker.claim;
    return {
      ...{ set: rules.set, kind, seq, parent: base, writer, claim, try: table.chooseTry(() => host.newId()) },
      ...{ pod: rules.pod, final, closing, late },
      // Whoever creates knows better.
      ...{ consistent: false, partial: false, lacks: [] },
      ...{ files: 0, bytes: 0, chunker: '', app: rules.app },
      ...{ restore, guard, legacy, added, compacted, checked },
    };
  }
}

/** Row 11. */
export function refuseObstacle({ parts: { rules, table }, lacking }: Writer, order: Order): void {
  const { onEmptyRepository, set } = rules;
  const request = table.isRequested(order, rules.request, lacking);
  const obstacle = table.findObstacle(order, { request, onEmptyRepository });
  if (obstacle !== undefined) {
    throw refuseFor(set, obstacle);
  }
}

/** The end of rows 21 and 22. `saved`: the volume is known to be what the newest archive holds. */
export async function openGate(
  writer: Writer,
  { claimed, saved }: { claimed: boolean; saved: boolean },
): Promise<void> {
  const { volume, host } = writer.parts;
  const nowS = Math.floor(host.date() / 1_000);
  const { compacted, checked } = writer.marker;
  writer.saved = saved ? (await volume.look()).digest : undefined;
  writer.marker = {
    ...{ ...writer.marker, state: 'live', claimed, lockedSince: undefined },
    // What was never done counts from now.
    ...{ compacted: compacted || nowS, checked: checked || nowS },
  };
  await volume.writeMarker(writer.marker);
  writer.marked = true;
  writer.toldGuard = writer.marker.guard;
  await volume.openGate(writer.marker);
}

/** Whether a command gave no answer. */
export function isUnanswered<T extends object | string>(answer: T | Unanswered): answer is Unanswered {
  return typeof answer === 'object' && 'failure' in answer;
}

function describeOrder(order: Order, marker: Marker) {
  return {
    id: order.repositoryId,
    archives: order.archives.length,
    head: order.head && named(order.head),
    forks: order.forks.map(({ archive }) => archive.name),
    held: findHeld(order.data).held.map(({ archive }) => archive.name),
    strays: [
      ...order.records.filter((entry) => entry !== order.head).map(({ archive }) => archive.name),
      ...order.foreign,
    ],
    legacy: order.legacy,
    guard: marker.guard,
  };
}
