import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Parts } from '../../../sidecar/src/lineage/parts.ts';
import type { Ending, Found } from '../../../sidecar/src/lineage/ports.ts';
import { Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import { runWriter } from '../../../sidecar/src/lineage/run.ts';
import { start } from '../../../sidecar/src/lineage/start.ts';
import { End, SimulatedHost } from './host.ts';
import type { Pod } from './pod.ts';
import type { Archive } from './repository.ts';
import { SimulatedRepository } from './repository-port.ts';
import type { Outcome, Step } from './step.ts';
import { SimulatedVolume } from './volume-port.ts';

/** What a list showed, at which step, and after how many commits. */
export interface Snapshot {
  readonly step: number;
  readonly archives: readonly Archive[];
  readonly commits: number;
  readonly repositoryId: string;
}

interface Call<Answer> {
  readonly act: (outcome: Outcome) => Answer;
  readonly waitMs?: number;
  readonly isWoken?: () => boolean;
  /** Until this is over, only the end of `waitMs` answers. */
  readonly isBlocked?: () => boolean;
}

/** One life of the program in a container. */
export class Container {
  readonly pod: Pod;
  readonly host: SimulatedHost;
  /** What was asked and has not happened, in the order of asking. */
  readonly steps: Step[] = [];
  ending: Ending;
  /** SIGTERM came to this container, and to no other. */
  alone = false;
  deadlineMs = Number.POSITIVE_INFINITY;
  isPastDeadline = false;
  end: End | undefined;
  /** Killed: nothing of it happens any more. */
  gone = false;
  /** What the boot found. */
  found: Found | undefined;
  /** The newest list that was read. */
  list: Snapshot | undefined;
  /** The list that an attempt to start began with. */
  first: Snapshot | undefined;
  /** The list that the gate is opened on. */
  confirmed: Snapshot | undefined;
  writer = '';
  /** Its newest archive that it was told lacks entries. */
  lacking: Archive | undefined;
  /** What the volume was found to be before the newest archive of it. */
  examined: 'same' | 'unmarked' | 'gone' = 'same';
  readonly parts: Parts;

  constructor(pod: Pod, ending: Ending) {
    this.pod = pod;
    this.ending = ending;
    this.host = new SimulatedHost(this);
    const { cluster, rules } = pod;
    this.parts = cluster.mutate(
      {
        rules,
        repository: new SimulatedRepository(this),
        volume: new SimulatedVolume(this),
        host: this.host,
        table: cluster.table,
      },
      this,
    );
  }

  /** Whether it runs. */
  get runs(): boolean {
    return !this.gone && this.end === undefined;
  }

  begin(): void {
    start(this.parts)
      .then(({ writer, phase }) => runWriter(writer, phase))
      .then(
        () => this.#ended(new End(0, 'saved')),
        (error: unknown) => this.#ended(toEnd(error)),
      );
  }

  ask<Answer>(
    op: string,
    act: (outcome: Outcome) => Answer,
    how: Omit<Call<Answer>, 'act'> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.steps.push(new CallStep(this, op, { act, ...how }, resolve, reject));
    });
  }

  told(name: keyof LineageEvents, event: object): void {
    const { cluster } = this.pod;
    cluster.note?.(this.pod.name, `tells ${name}`, event);
    cluster.tell((watch) => watch.told?.(this, name, event));
  }

  #ended(end: End): void {
    if (this.gone) {
      return;
    }
    this.end = end;
    this.steps.length = 0;
    const { cluster, name } = this.pod;
    cluster.repository.readers.delete(this);
    cluster.note?.(name, `exit ${end.code}`, { why: end.why });
    if (end.code === 1 && end.why.startsWith('bug:')) {
      cluster.break_('a fault of the program', end.why);
    }
    cluster.tell((watch) => watch.ended?.(this, end));
    this.pod.afterExit(this);
  }
}

function toEnd(error: unknown): End {
  if (error instanceof End) {
    return error;
  }
  if (error instanceof Refusal) {
    return new End(3, error.message);
  }
  return new End(1, `bug: ${error instanceof Error ? error.stack : JSON.stringify(error)}`);
}

class CallStep<Answer> implements Step {
  readonly order: number;
  readonly op: string;
  readonly askedAtMs: number;
  readonly #container: Container;
  readonly #call: Call<Answer>;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    container: Container,
    op: string,
    call: Call<Answer>,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    const { cluster } = container.pod;
    this.order = cluster.nextOrder();
    this.op = op;
    this.askedAtMs = cluster.nowMs;
    this.#container = container;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  due(): number {
    const { isBlocked, isWoken, waitMs = 0 } = this.#call;
    const waits = isBlocked === undefined ? isWoken?.() === false : isBlocked();
    return this.askedAtMs + (waits ? waitMs : 0);
  }

  run(outcome: Outcome): void {
    const { steps, pod } = this.#container;
    const at = steps.indexOf(this);
    if (at >= 0) {
      steps.splice(at, 1);
    }
    const { cluster } = pod;
    // Somebody else has the lock: it is waited for in vain.
    const waits = outcome === 'locked' && this.#call.isBlocked !== undefined;
    cluster.moveTo(waits ? this.askedAtMs + (this.#call.waitMs ?? 0) : this.due());
    try {
      const answer = this.#call.act(outcome);
      cluster.note?.(pod.name, this.op, answer, outcome);
      this.#resolve(answer);
    } catch (error) {
      cluster.note?.(pod.name, `${this.op} fails`, error, outcome);
      this.#reject(error);
    }
  }

  runUnheard(): void {
    try {
      this.#call.act('ok');
    } catch {
      // Nobody hears of it.
    }
  }
}
