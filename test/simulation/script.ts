import assert from 'node:assert/strict';
import type { Named } from '../../sidecar/src/lineage/events.ts';
import type { Rules } from '../../sidecar/src/lineage/ports.ts';
import { watch } from './checkers/all.ts';
import { freeLock } from './faults/events.ts';
import { runFairly } from './faults/fair.ts';
import { addData } from './faults/setup.ts';
import { Cluster, type Mutation } from './world/cluster.ts';
import { nameState } from './world/content.ts';
import type { Pod } from './world/pod.ts';
import type { Outcome, Step } from './world/step.ts';

const LIMIT = 200;

/** What a script has: a cluster whose promises are watched, and pods that do what they are told. */
export class Script {
  readonly cluster: Cluster;
  /** Who was reported to have fenced another, last. */
  takenOverBy: string | undefined;

  constructor(mutation: Mutation = {}, rules: Partial<Rules> = {}) {
    this.cluster = new Cluster(rules, mutation);
    watch(this.cluster);
    this.cluster.watches.push({
      told: (_container, name, event) => {
        if (name === 'fenced') {
          this.takenOverBy = (event as { by?: Named }).by?.writer;
        }
      },
    });
  }

  /** `n1 … nN` of a writer that has ended. */
  data(count: number): this {
    for (let sequence = 1; sequence <= count; sequence += 1) {
      addData(this.cluster, sequence);
    }
    return this;
  }

  pod(rules: Partial<Rules> = {}): Actor {
    return new Actor(this, this.cluster.addPod(rules));
  }

  /** A pod that has claimed, and whose application has started. */
  async running(rules: Partial<Rules> = {}): Promise<Actor> {
    const actor = this.pod(rules);
    await actor.toGate();
    return actor;
  }

  /** A pod that starts behind the lock of one that is gone, without a claim; the other was about to commit `n3`. */
  async behindDeadLock(): Promise<Actor> {
    const dead = await this.running();
    dead.pod.change();
    await dead.until('commit data');
    dead.pod.lose('its commit, later');
    return await this.pod().toGate();
  }

  /** The server finds out that a client is gone. */
  freeLock(commits?: 'commits'): void {
    freeLock(this.cluster, commits === 'commits');
  }

  /** Names of the archives that are there, as `n1 c2 x3 f1`: data, claim, close, fork. */
  get order(): string {
    const letters = { data: 'n', claim: 'c', close: 'x', fork: 'f', legacy: 'l', foreign: 'o' };
    return [...this.cluster.repository.archives]
      .sort((one, other) => one.sequence - other.sequence)
      .map(({ kind, sequence, name }) => `${letters[kind]}${sequence || name.split('-').at(-1)}`)
      .join(' ');
  }

  /** Fails with the first promise that was broken. */
  check(): void {
    const { violation } = this.cluster;
    assert.equal(violation && `${violation.rule}: ${violation.detail}`, undefined);
  }
}

/** A pod in a script. It does nothing by itself. */
export class Actor {
  readonly pod: Pod;
  readonly #script: Script;

  constructor(script: Script, pod: Pod) {
    this.#script = script;
    this.pod = pod;
  }

  get writer(): string {
    return this.pod.volume.marker?.writer ?? '';
  }

  get holds(): string {
    return nameState(this.pod.volume.content);
  }

  get state(): string | undefined {
    return this.pod.volume.marker?.state;
  }

  get exit(): number | undefined {
    return this.pod.container?.end?.code;
  }

  /** Its application has started. */
  get isOpen(): boolean {
    return this.pod.isRunning;
  }

  /** Goes on until it is about to do a step of this name, and pauses before it. */
  async until(op: string): Promise<this> {
    await this.#run(() => this.#next(op) !== undefined, op);
    return this;
  }

  /** Does its next step of this name, with this outcome. */
  async does(op: string, outcome: Outcome = 'ok'): Promise<this> {
    await this.until(op);
    const step = this.#next(op);
    assert.ok(step, op);
    await this.#script.cluster.run(step, outcome);
    return this;
  }

  /** Goes on until its application has started. */
  async toGate(): Promise<this> {
    await this.#run(
      () => this.pod.isRunning && this.pod.runs && this.pod.container?.host.ready === true,
      'the gate',
    );
    return this;
  }

  /** Goes on until it waits for the next look, having done all that was to do. */
  async toRest(): Promise<this> {
    await this.until('wait');
    return this;
  }

  /** The application writes, and it is saved. */
  async saves(times = 1): Promise<this> {
    for (let time = 0; time < times; time += 1) {
      this.pod.change();
      await this.wakes();
      await this.toRest();
    }
    return this;
  }

  /** Looks at the volume again. */
  async wakes(): Promise<this> {
    await this.does('wait');
    return this;
  }

  /** Goes on to its end. */
  async ends(): Promise<this> {
    await this.#run(() => this.exit !== undefined, 'its end');
    return this;
  }

  /** Goes on as long as it may, until something is so. */
  async goesOn(until: () => boolean): Promise<boolean> {
    return await runFairly(this.#script.cluster, until, { limit: LIMIT, pods: [this.pod] });
  }

  /** Goes on with what is due within a time, and then it is so late. */
  async goesOnFor(milliseconds: number): Promise<void> {
    const { cluster } = this.#script;
    const untilMs = cluster.nowMs + milliseconds;
    await runFairly(cluster, () => false, { limit: LIMIT, pods: [this.pod], untilMs });
    cluster.moveTo(untilMs);
    this.#script.check();
  }

  /** Whether it pauses before a step of this name. */
  isAbout(op: string): boolean {
    return this.#next(op) !== undefined;
  }

  #next(op: string): Step | undefined {
    return this.pod.container?.runs ? this.pod.container.steps.find((step) => step.op === op) : undefined;
  }

  async #run(until: () => boolean, what: string): Promise<void> {
    const { cluster } = this.#script;
    // The one that is waited for stays where it is, while what was asked beside it goes on.
    const done = await runFairly(cluster, until, { limit: LIMIT, pods: [this.pod] });
    this.#script.check();
    const at = this.pod.container?.steps.map(({ op }) => op).join(', ');
    const end = this.pod.container?.end;
    assert.ok(
      done && until(),
      `${this.pod.name} does not come to ${what}: it is at ${at}${end ? `, exit ${end.code}: ${end.why}` : ''}`,
    );
  }
}
