// long: one world behind three ports
import assert from 'node:assert/strict';
import { type Comment, NO_PARENT, writeComment } from '../../sidecar/src/lineage/comment.ts';
import type { LineageEvents } from '../../sidecar/src/lineage/events.ts';
import { type Marker, newMarker } from '../../sidecar/src/lineage/marker.ts';
import { forkName, lineageName } from '../../sidecar/src/lineage/names.ts';
import { type ListedArchive, type Order, readOrder } from '../../sidecar/src/lineage/order.ts';
import type { Parts } from '../../sidecar/src/lineage/parts.ts';
import type {
  Created,
  Creation,
  Ending,
  Found,
  Host,
  Listed,
  Look,
  RepositoryPort,
  Rules,
  Unanswered,
  VolumePort,
} from '../../sidecar/src/lineage/ports.ts';
import { TABLE } from '../../sidecar/src/lineage/table.ts';
import { Writer } from '../../sidecar/src/lineage/writer.ts';
import { comment } from './comment.ts';

export const SET = 'grafana';
export const OWN = 'a'.repeat(16);
export const OTHER = 'b'.repeat(16);
export const THIRD = 'c'.repeat(16);
/** What `World` waits after a failure. */
const BACK_OFF_MS = 1_000;
const DAY_MS = 86_400_000;
/** Who calls more than this goes on for ever, and is told to end. */
const MOST_CALLS = 500;

/** An archive of the set, as it is listed: the other writer's data, where a test says nothing else. */
export function ours(seq: number, change: Partial<Comment> = {}, id = `id-${seq}`): ListedArchive {
  const text = writeComment(comment({ seq, writer: OTHER, ...change }));
  return { name: lineageName(SET, seq), id, comment: text, time: seq * 1_000 };
}

export function forkOf(writer: string, number: number, change: Partial<Comment> = {}): ListedArchive {
  const text = writeComment(comment({ kind: 'fork', seq: number, writer, ...change }));
  return { name: forkName(SET, writer, number), id: `fork-${number}`, comment: text, time: number * 1_000 };
}

/** The predecessor's, or somebody else's. */
export function theirs(name: string, text = '', time = 0): ListedArchive {
  return { name, id: `id of ${name}`, comment: text, time };
}

export function orderOf(...archives: readonly ListedArchive[]): Order {
  return readOrder(SET, { repositoryId: 'repo', archives });
}

/** The marker of the own writer in the middle of its life: number 3 is its newest. */
export function liveMarker(change: Partial<Marker> = {}): Marker {
  return {
    ...newMarker(OWN, NO_PARENT),
    ...{ state: 'live', repo: 'repo', claimed: true, last: 3, base: { sequence: 3, id: 'id-3' } },
    ...{ baseSize: { files: 3, bytes: 4_096 }, chunker: 'fixed,65536' },
    ...change,
  };
}

/**
 * What the repository does to a command: `ok`: what it should. `lost`: that, and the answer is lost; `lost incomplete`: the
 * same, with an archive that lacks entries. `hangs`: nothing
 * until the caller ends it.
 */
type Answer = 'ok' | 'lost' | 'incomplete' | 'lost incomplete' | 'hangs' | Unanswered['kind'];
/** An answer, or what happens just before it; `ok` if that says nothing. */
type Script = Answer | (() => Answer | undefined);

/** The program is told to end. */
export class End extends Error {}

/**
 * All that a writer works with, as little as it can be: a list of archives, a volume that is a word, and a host whose
 * waits take no time. `answers` says how the repository answers, call by call, and `waits` what happens during a wait;
 * where `waits` ends, the program is told to end. `calls` has what was called until then.
 */
export class World {
  archives: ListedArchive[];
  repositoryId = 'repo';
  /** For `list` and `create`, in this order; `ok` after the last one. */
  answers: Script[] = [];
  extracts: ('hangs' | (() => void))[] = [];
  onDelete = () => {};
  waits: (() => void)[] = [];
  found: Found = { empty: true, marker: undefined, record: undefined };
  looks: Look = { digest: 'S1', files: 3, bytes: 4_096, unreadable: [], tookMs: 0 };
  examined: 'same' | 'unmarked' | 'gone' = 'same';
  onMarker = () => {};
  onGate = () => {};
  onRecovered = () => {};
  nowMs = 1_000_000;
  dateMs = 0;
  /** What each archive adds to the repository. */
  addedBytes = 7;
  /** What upkeep does. */
  onUpkeep: (chore: 'warm' | 'compact' | 'check') => void = () => {};
  checks: 'whole' | 'part' = 'whole';
  ending: Ending = { prestop: false, sigterm: false };
  over = false;
  /** Until the answer is told. */
  accepting = false;
  /** The marker in the volume. */
  marker: Marker | undefined;
  readonly calls: string[] = [];
  readonly created: Comment[] = [];
  readonly told: [name: string, event: unknown][] = [];
  rules: Rules = {
    ...{ set: SET, volume: '/data', pod: 'grafana-new', app: '12.1' },
    ...{ handoverTimeoutMs: 30_000, closingTimeoutMs: 90_000, lockTimeoutMs: 100_000 },
    ...{
      intervalMs: 300_000,
      handoverPollMs: 5_000,
      quietMs: 0,
      leastBetweenSavesMs: 0,
      lookEveryMs: 300_000,
    },
    ...{ onEmptyRepository: 'start', onNonemptyVolume: 'fail', request: undefined, repositoryId: undefined },
    ...{ compactEveryMs: 7 * DAY_MS, checkEveryMs: 30 * DAY_MS },
    ...{
      sizeLimitBytes: undefined,
      keep: {},
      shrinkGuard: 0.5,
      chunkerFor: (inherited) => inherited ?? 'fixed,65536',
    },
  };
  #ids = 0;

  constructor(...archives: ListedArchive[]) {
    this.archives = archives;
  }

  get parts(): Parts {
    const { rules } = this;
    return {
      rules,
      repository: this.#repository(),
      volume: this.#volume(),
      host: this.#host(),
      table: TABLE,
    };
  }

  /** A writer whose gate is open; `saved`: a fingerprint. */
  writer(marker: Marker, saved?: string): Writer {
    this.marker = marker;
    const writer = new Writer(this.parts, marker, saved);
    writer.marked = true;
    return writer;
  }

  set(change: Partial<Look>): void {
    this.looks = { ...this.looks, ...change };
  }

  readonly prestop = (): undefined => {
    this.ending = { ...this.ending, prestop: true };
  };

  readonly sigterm = (): undefined => {
    this.ending = { ...this.ending, sigterm: true };
  };

  /** Names of the events, without those of each list and look. */
  get events(): string[] {
    return this.told.map(([name]) => name).filter((name) => name !== 'listed' && name !== 'looked');
  }

  /** The newest event of a name. */
  event<Name extends keyof LineageEvents>(name: Name): LineageEvents[Name][0] {
    const found = this.told.findLast(([each]) => each === name);
    assert.ok(found, `${name} was not told`);
    return found[1] as LineageEvents[Name][0];
  }

  /** A word of a call, where it still counts. */
  #call(text: string): void {
    if (this.calls.length > MOST_CALLS) {
      this.waits = [];
      throw new End();
    }
    if (!this.over) {
      this.calls.push(text);
    }
  }

  async #answer(signal: AbortSignal | undefined): Promise<Answer> {
    const script = this.answers.shift() ?? 'ok';
    const answer = (typeof script === 'function' ? script() : script) ?? 'ok';
    if (answer === 'hangs') {
      await aborted(signal);
      return 'error';
    }
    return answer;
  }

  #repository(): RepositoryPort {
    return {
      list: async ({ pastLock, signal } = {}) => {
        this.#call(pastLock ? 'list past the lock' : 'list');
        const answer = await this.#answer(signal);
        const { repositoryId } = this;
        const listed: Listed = { kind: 'listed', repositoryId, archives: [...this.archives] };
        return answer === 'ok' ? listed : unanswered(answer);
      },
      create: async (creation) => {
        this.#call(`create ${creation.comment.kind} ${creation.comment.seq}`);
        this.created.push(creation.comment);
        const answer = await this.#answer(creation.signal);
        return this.#create(creation, answer);
      },
      warm: async () => this.onUpkeep('warm'),
      compact: async () => {
        this.#call('compact');
        this.onUpkeep('compact');
        return 'freed';
      },
      check: async (atMostMs) => {
        this.#call(`check ${atMostMs}`);
        this.onUpkeep('check');
        return this.checks;
      },
      delete: async (names) => {
        this.#call(`delete ${names.map(short).join(' ')}`);
        this.onDelete();
        this.archives = this.archives.filter(({ name }) => !names.includes(name));
      },
    };
  }

  #create({ name, comment }: Creation, answer: Answer): Created | { kind: 'exists' } | Unanswered {
    if (answer === 'locked' || answer === 'full' || answer === 'error') {
      return unanswered(answer);
    }
    if (this.archives.some((archive) => archive.name === name)) {
      return { kind: 'exists' };
    }
    const id = `id-${comment.try}`;
    this.archives.push({ name, id, comment: writeComment(comment), time: comment.seq * 1_000 });
    const created: Created = {
      kind: 'created',
      repositoryId: this.repositoryId,
      id,
      addedBytes: this.addedBytes,
    };
    const incomplete = answer === 'incomplete' ? { incomplete: 'one could not be read' } : {};
    if (answer === 'lost incomplete') {
      return { ...unanswered('error'), incomplete: true };
    }
    return answer === 'lost' ? unanswered('error') : { ...created, ...incomplete };
  }

  #volume(): VolumePort {
    return {
      find: async () => this.found,
      writeMarker: async (marker) => {
        this.#call(`marker ${marker.state}`);
        this.onMarker();
        this.marker = marker;
      },
      extract: async (target, { signal, pastLock }) => {
        const name = target === undefined ? 'nothing' : short(target.archive.name);
        this.#call(`extract ${name}${pastLock ? ' past the lock' : ''}`);
        const happens = this.extracts.shift();
        if (happens === 'hangs') {
          await aborted(signal);
          throw new Error('the extraction was ended');
        }
        happens?.();
      },
      settle: async () => this.#call('settle'),
      openGate: async () => {
        this.#call('gate');
        this.onGate();
      },
      look: async () => this.looks,
      examine: async () => this.examined,
    };
  }

  #host(): Host {
    const pass = async (milliseconds: number, seen: Ending): Promise<void> => {
      if (this.ending.prestop !== seen.prestop || this.ending.sigterm !== seen.sigterm) {
        return;
      }
      const happens = this.waits.shift();
      if (happens === undefined) {
        this.over = true;
        throw new End();
      }
      this.nowMs += milliseconds;
      happens();
    };
    const world = this;
    return {
      get ending() {
        return world.ending;
      },
      get over() {
        return world.over;
      },
      get accepting() {
        return world.accepting;
      },
      now: () => this.nowMs,
      date: () => this.dateMs,
      boot: 'this boot',
      newId: () => {
        this.#ids += 1;
        return String(this.#ids).padStart(16, '0');
      },
      random: () => 0.5,
      wait: async (milliseconds, seen) => {
        this.#call(`wait ${milliseconds}`);
        await pass(milliseconds, seen);
      },
      backOff: async (activity, failure, seen, atMostMs = BACK_OFF_MS) => {
        this.#call(`back off ${activity}: ${failure instanceof Error ? failure.message : failure}`);
        await pass(Math.min(BACK_OFF_MS, atMostMs), seen);
      },
      recovered: () => this.onRecovered(),
      tell: (name, event) => {
        this.told.push([name, event]);
        this.accepting &&= name !== 'accepted' && name !== 'accept.refused';
      },
    };
  }
}

/** The number at the end of an archive's name, for short. */
function short(name: string): string {
  return name.startsWith(`${SET}-`) ? String(Number(name.slice(SET.length + 1))) : name;
}

function unanswered(answer: Answer): Unanswered {
  const kind = answer === 'locked' || answer === 'full' ? answer : 'error';
  return { kind, failure: kind };
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (!signal?.aborted) {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
  }
}
