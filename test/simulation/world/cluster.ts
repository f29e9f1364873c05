import type { Order } from '../../../sidecar/src/lineage/order.ts';
import type { Parts } from '../../../sidecar/src/lineage/parts.ts';
import type { Rules } from '../../../sidecar/src/lineage/ports.ts';
import { TABLE, type Table } from '../../../sidecar/src/lineage/table.ts';
import { turn } from '../../support/turn.ts';
import type { Container } from './container.ts';
import { States } from './content.ts';
import { Pod } from './pod.ts';
import { Repository } from './repository.ts';
import { RULES } from './rules.ts';
import type { Outcome, Step } from './step.ts';
import type { Violation, Watch } from './watch.ts';

/** What stands in for the real rules: a table, or what a container works with. */
export interface Mutation {
  readonly table?: Partial<Table>;
  readonly parts?: (parts: Parts, container: Container) => Parts;
}

type Note = (who: string, what: string, with_: unknown, outcome?: Outcome) => void;

/** All there is: a repository, pods, and one time. Nothing happens but by a call of it. */
export class Cluster {
  readonly repository = new Repository();
  readonly states = new States();
  readonly pods: Pod[] = [];
  readonly rules: Rules;
  readonly table: Table;
  readonly watches: Watch[] = [];
  nowMs = Date.UTC(2026, 0, 1);
  /** How many steps have happened. */
  steps = 0;
  violation: Violation | undefined;
  /** Keeps a trace, if there is one to keep. */
  note: Note | undefined;
  readonly #mutation: Mutation;
  #order = 0;
  #ids = 0;

  constructor(rules: Partial<Rules> = {}, mutation: Mutation = {}) {
    this.rules = { ...RULES, ...rules };
    this.#mutation = mutation;
    this.table = { ...TABLE, ...mutation.table };
    this.table.readOrder = remember(this.table.readOrder);
  }

  addPod(rules: Partial<Rules> = {}): Pod {
    const pod = new Pod(this, String.fromCharCode(65 + this.pods.length), rules);
    this.pods.push(pod);
    return pod;
  }

  /** What a container works with, if a rule is to be taken out. */
  mutate(parts: Parts, container: Container): Parts {
    return this.#mutation.parts?.(parts, container) ?? parts;
  }

  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  newId(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(16, '0');
  }

  moveTo(ms: number): void {
    this.nowMs = Math.max(this.nowMs, ms);
  }

  /** Lets a step happen, and everything that follows from its answer until something is asked again. */
  async run(step: Step, outcome: Outcome = 'ok'): Promise<void> {
    this.steps += 1;
    step.run(outcome);
    await turn();
  }

  /** Starts a pod's container. */
  async start(pod: Pod): Promise<void> {
    this.steps += 1;
    pod.start();
    await turn();
  }

  /** The time for a container's last save is over. */
  passDeadline(container: Container): void {
    if (!container.isPastDeadline && container.runs) {
      this.moveTo(container.deadlineMs);
      container.isPastDeadline = true;
      this.note?.(container.pod.name, 'the deadline is over', undefined);
    }
  }

  tell(event: (watch: Watch) => void): void {
    for (const watch of this.watches) {
      event(watch);
    }
  }

  /** A promise is broken. The first one counts. */
  break_(rule: string, detail: string): void {
    this.violation ??= { rule, detail, step: this.steps };
    this.note?.('!!', rule, detail);
  }
}

/** The order of the same list is read once. */
function remember(readOrder: Table['readOrder']): Table['readOrder'] {
  const known = new WeakMap<object, Order>();
  return (set, listing) => {
    const order = known.get(listing.archives) ?? readOrder(set, listing);
    known.set(listing.archives, order);
    return order;
  };
}
