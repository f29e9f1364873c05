import type { LineageEvents } from '../lineage/events.ts';
import type { Activity, Ending, Host } from '../lineage/ports.ts';
import { Refusal } from '../lineage/refusal.ts';
import type { Context } from './context.ts';
import type { State } from './events.ts';
import { EXIT, Fatal } from './exit.ts';
import { describeFailure, type Failure, toFatal } from './failure.ts';
import { backOff } from './waits.ts';

// A restore that ends alike this often is not cut off by chance.
const MOST_ALIKE = 3;

/** Which state an event of the order brings. */
const STATES: Partial<Record<keyof LineageEvents, State>> = {
  'handover.waiting': 'waiting',
  'save.started': 'saving',
  fenced: 'fenced',
};

/** Time, chance and the end of the pod for the order; and how long each failure is waited out. */
export class LifecycleHost implements Host {
  readonly #context: Context;
  /** Whether a newer writer has taken over: what is saved from then on is a fork. */
  fenced = false;
  #ready = false;
  #failures = 0;
  #alike = { message: '', times: 0 };
  #lastError: unknown;

  constructor(context: Context) {
    this.#context = context;
  }

  get ending(): Ending {
    const { prestop, sigterm } = this.#context.termination;
    return { prestop: prestop.aborted, sigterm: sigterm.aborted };
  }

  get accepting(): boolean {
    return this.#context.acceptance.asked;
  }

  get over(): boolean {
    return this.#end.aborted;
  }

  get boot(): string {
    return this.#context.world.bootId;
  }

  /** Whether the application may run. */
  get ready(): boolean {
    return this.#ready;
  }

  /** From now on only the deadline of the last save ends a command. */
  setReady(): void {
    this.#ready = true;
  }

  date(): number {
    return this.#context.world.now();
  }

  now(): number {
    return this.#context.world.uptime();
  }

  newId(): string {
    return this.#context.world.newId();
  }

  random(): number {
    return this.#context.world.random();
  }

  /** What ends a command, beside a signal of its own. */
  until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#end : AbortSignal.any([this.#end, signal]);
  }

  throwIfOver(): void {
    if (this.over) {
      throw this.#ready ? this.#failedAtLast(this.#lastError ?? this.#end.reason) : this.#end.reason;
    }
  }

  async wait(milliseconds: number, seen: Ending): Promise<void> {
    const { termination, world, events, acceptance } = this.#context;
    if (this.#ready && events.state !== 'stopping') {
      events.setState(this.fenced ? 'fenced' : 'live');
    }
    const news = [
      ...(seen.prestop ? [] : [termination.prestop]),
      ...(seen.sigterm ? [] : [termination.sigterm]),
    ];
    await world.sleep(Math.max(0, milliseconds), this.#end, acceptance.call, ...news);
    acceptance.heard();
    this.throwIfOver();
  }

  async backOff(
    activity: Activity,
    error: unknown,
    seen: Ending,
    atMostMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { events, world, settings } = this.#context;
    this.throwIfOver();
    this.#lastError = error;
    this.#failures += 1;
    const failure = describeFailure(error);
    if (!this.#ready) {
      this.#giveUpBeforeTheGate(error, failure);
    } else if (this.ending.sigterm && error instanceof Refusal) {
      // Nothing that a later try would find otherwise.
      throw this.#failedAtLast(error);
    }
    const backOffMs = backOff(this.#failures, world.waits, world.random);
    const patient = failure.class === 'person' && this.#ready && !seen.sigterm;
    const retryInMs = Math.min(patient ? settings.BACKUP_INTERVAL : backOffMs, Math.max(0, atMostMs));
    events.emit('failure', { ...failure, activity, retryInMs });
    if (!this.#ready) {
      events.setState('waiting');
    }
    await this.wait(retryInMs, seen);
  }

  recovered(): void {
    if (this.#failures > 0) {
      this.#context.events.emit('recovered', {});
    }
    this.#failures = 0;
    this.#lastError = undefined;
  }

  tell<Name extends keyof LineageEvents>(name: Name, ...event: LineageEvents[Name]): void {
    const { events } = this.#context;
    const state = STATES[name];
    if (state !== undefined && events.state !== 'stopping') {
      events.setState(state);
    }
    events.emit(name, ...(event as never));
  }

  /** Before the gate SIGTERM ends everything at once; after it, the time for the last save. */
  get #end(): AbortSignal {
    const { sigterm, deadline } = this.#context.termination;
    return this.#ready ? deadline : sigterm;
  }

  #giveUpBeforeTheGate(error: unknown, { class: kind, reason, message }: Failure): void {
    const times = reason === 'incomplete' && message === this.#alike.message ? this.#alike.times + 1 : 1;
    this.#alike = { message, times };
    if (error instanceof Fatal || kind !== 'transient' || times >= MOST_ALIKE) {
      throw toFatal(error);
    }
  }

  #failedAtLast(error: unknown): Fatal {
    const { reason, message } = describeFailure(error);
    const what = this.fenced
      ? 'The fork could not be saved, so the changes of this fenced writer are lost with this pod.'
      : 'The final save failed, so the newest changes are lost with this pod.';
    return new Fatal(this.fenced ? EXIT.fenced : EXIT.failed, reason, `${what} ${message}`);
  }
}
