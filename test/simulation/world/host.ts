import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Activity, Ending, Host } from '../../../sidecar/src/lineage/ports.ts';
import { Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import type { Container } from './container.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** The end of a container by its own decision. */
export class End {
  readonly code: 0 | 1 | 3 | 4;
  readonly why: string;

  constructor(code: 0 | 1 | 3 | 4, why: string) {
    this.code = code;
    this.why = why;
  }
}

/** A failure that passes, or waits for a person. */
export interface Trouble {
  readonly trouble: string;
  readonly person: boolean;
}

/** Time, chance and the end of the pod for one container; failures are waited out as the program does. */
export class SimulatedHost implements Host {
  ready = false;
  readonly accepting = false;
  fenced = false;
  readonly #container: Container;
  #failures = 0;

  constructor(container: Container) {
    this.#container = container;
  }

  get ending(): Ending {
    return this.#container.ending;
  }

  get over(): boolean {
    return this.ready ? this.#container.isPastDeadline : this.ending.sigterm;
  }

  get boot(): string {
    return this.#container.pod.boot;
  }

  now(): number {
    const { pod } = this.#container;
    return pod.cluster.nowMs - pod.bootedAtMs;
  }

  date(): number {
    return this.#container.pod.clockMs;
  }

  newId(): string {
    return this.#container.pod.cluster.newId();
  }

  random(): number {
    return 0.5;
  }

  throwIfOver(): void {
    if (this.over) {
      throw this.ready ? new End(this.fenced ? 4 : 1, 'deadline') : new End(0, 'SIGTERM before the gate');
    }
  }

  async wait(milliseconds: number, seen: Ending): Promise<void> {
    await this.#container.ask('wait', () => this.throwIfOver(), {
      waitMs: Math.max(0, milliseconds),
      isWoken: () =>
        this.over || this.ending.prestop !== seen.prestop || this.ending.sigterm !== seen.sigterm,
    });
  }

  async backOff(
    _activity: Activity,
    failure: unknown,
    seen: Ending,
    atMostMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    this.throwIfOver();
    this.#failures += 1;
    const person = failure instanceof Refusal || (failure as Trouble).person === true;
    if (failure instanceof Error && failure.name !== 'Refusal' && failure.name !== 'NameTaken') {
      this.#container.pod.cluster.break_('a fault of the program', String(failure.stack));
    }
    if (!this.ready && person) {
      throw new End(3, describe(failure));
    }
    if (this.ending.sigterm && failure instanceof Refusal) {
      throw new End(this.fenced ? 4 : 1, describe(failure));
    }
    const patient = person && this.ready && !seen.sigterm;
    const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 6)) / 2;
    const waitMs = patient ? this.#container.pod.rules.intervalMs : retryMs;
    await this.wait(Math.min(waitMs, Math.max(0, atMostMs)), seen);
  }

  recovered(): void {
    this.#failures = 0;
  }

  tell<Name extends keyof LineageEvents>(name: Name, ...event: LineageEvents[Name]): void {
    this.fenced ||= name === 'fenced';
    this.#container.told(name, event[0] as LineageEvents[keyof LineageEvents][0]);
  }
}

function describe(failure: unknown): string {
  return failure instanceof Error ? failure.message : (failure as Trouble).trouble;
}
