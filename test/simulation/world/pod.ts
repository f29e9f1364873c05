import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import type { Rules } from '../../../sidecar/src/lineage/ports.ts';
import type { Cluster } from './cluster.ts';
import { Container } from './container.ts';
import { type Content, EMPTY, HALF, type State } from './content.ts';
import { FINAL_BACKUP_TIMEOUT_MS, LEAST_AFTER_SIGTERM_MS } from './rules.ts';

const RESTART_MS = 300_000;

/** An emptyDir, and beside it what the node remembers of it. */
export interface Volume {
  content: Content;
  /** Always durable: that is what writing it waits for. */
  marker: Marker | undefined;
  /** Whether a power cut leaves what an extraction has written. */
  isFlushed: boolean;
  /** Borg could not read an entry. */
  unread: boolean;
  /** Still the directory that was there at the boot. */
  isMounted: boolean;
  /** STATE_DIR. */
  record: { readonly boot: string; readonly marker: Marker } | undefined;
  /** An application has had this. */
  wasUsed: boolean;
}

/** A pod on a node of its own. */
export class Pod {
  readonly cluster: Cluster;
  readonly name: string;
  readonly rules: Rules;
  readonly volume: Volume = {
    content: EMPTY,
    marker: undefined,
    isFlushed: true,
    unread: false,
    isMounted: true,
    record: undefined,
    wasUsed: false,
  };
  container: Container | undefined;
  /** The application runs and may write. */
  isRunning = false;
  prestopAtMs: number | undefined;
  /** SIGTERM has come to the whole pod. */
  isStopping = false;
  /** The pod and its volume are no more. */
  isGone = false;
  skewMs = 0;
  /** The kubelet waits longer after a container that ended by itself. */
  restartAtMs = 0;
  bootedAtMs: number;
  boot: string;
  /** What the newest look saw. */
  looked: State | undefined;
  #boots = 1;

  constructor(cluster: Cluster, name: string, rules: Partial<Rules> = {}) {
    this.cluster = cluster;
    this.name = name;
    this.rules = { ...cluster.rules, ...rules, pod: name };
    this.bootedAtMs = cluster.nowMs;
    this.boot = `${name}-1`;
  }

  get clockMs(): number {
    return this.cluster.nowMs + this.skewMs;
  }

  get runs(): boolean {
    return this.container?.runs === true;
  }

  /** Whether the kubelet starts its container (again). */
  get mayStart(): boolean {
    return !this.isGone && !this.isStopping && !this.runs;
  }

  start(): void {
    this.cluster.note?.(this.name, 'container starts', undefined);
    this.container = new Container(this, { prestop: false, sigterm: false });
    this.container.begin();
  }

  startApplication(): void {
    this.isRunning = !this.isStopping;
    this.volume.wasUsed = true;
  }

  write(content: Content): void {
    this.cluster.note?.(this.name, 'application writes', content);
    this.volume.content = content;
  }

  /** Another state that comes from the one that is there. */
  change(shrunk?: boolean): void {
    const { content } = this.volume;
    this.write(this.cluster.states.next(content === HALF ? undefined : content, shrunk));
  }

  /** The application takes its last change back. A fingerprint with change times in it would not be the same again. */
  undo(): void {
    const { content } = this.volume;
    const isCreating = this.container?.steps.some(({ op }) => /^commit (?:data|fork)/.test(op));
    const before = content === HALF || isCreating ? undefined : this.cluster.states.undo(content);
    if (this.isRunning && before !== undefined) {
      this.write(before);
    }
  }

  /** The application deletes everything, with the marker or but for it. */
  wipe(keepsMarker = false): void {
    const { content } = this.volume;
    if (this.isRunning && content !== HALF) {
      this.volume.marker = keepsMarker ? this.volume.marker : undefined;
      this.write(this.cluster.states.wipe(content));
    }
  }

  /** The pod's termination begins; the application goes on. */
  prestop(): void {
    this.prestopAtMs ??= this.cluster.nowMs;
    this.cluster.note?.(this.name, 'prestop', undefined);
    if (this.container?.runs) {
      this.container.ending = { ...this.container.ending, prestop: true };
    }
  }

  /** The application has ended, and the container is told to end. */
  terminate(): void {
    this.isRunning = false;
    this.isStopping = true;
    this.cluster.note?.(this.name, 'SIGTERM', undefined);
    if (this.container?.runs) {
      this.#signal(this.container);
    } else {
      this.lose();
    }
  }

  /** The container is told to end, alone. */
  terminateContainer(): void {
    if (this.container?.runs) {
      this.cluster.note?.(this.name, 'SIGTERM to the container alone', undefined);
      this.container.alone = true;
      this.#signal(this.container);
    }
  }

  /** The container is killed; of what it had asked for `unheard` happens all the same. */
  crash(unheard?: 'what it asked for' | 'its commit, later'): void {
    const { container, cluster } = this;
    if (!container?.runs) {
      return;
    }
    cluster.note?.(this.name, 'container is killed', unheard);
    const commit = container.steps.find(({ op }) => op.startsWith('commit'));
    if (commit !== undefined && unheard === 'its commit, later') {
      cluster.repository.lock = { by: this.name, gone: true, commit: () => commit.runUnheard() };
    } else if (commit !== undefined) {
      cluster.repository.lock = undefined;
    }
    if (unheard === 'what it asked for') {
      for (const step of container.steps.filter(({ op }) => /^(?:commit|delete|marker)/.test(op))) {
        step.runUnheard();
      }
    }
    if (unheard !== 'its commit, later') {
      cluster.repository.readers.delete(container);
    }
    container.gone = true;
    container.steps.length = 0;
    if (this.isStopping) {
      this.lose();
    }
  }

  /** The node reboots: what was not on the disk is lost, the application ends, the pod comes back. */
  losePower(): void {
    this.crash();
    this.cluster.note?.(this.name, 'the node loses power', undefined);
    this.isRunning = false;
    this.#boots += 1;
    this.boot = `${this.name}-${this.#boots}`;
    this.bootedAtMs = this.cluster.nowMs;
    if (!this.volume.isFlushed) {
      this.volume.content = HALF;
      this.volume.isFlushed = true;
    }
  }

  /** The pod is gone, with its volume. */
  lose(unheard?: 'what it asked for' | 'its commit, later'): void {
    if (this.isGone) {
      return;
    }
    this.isGone = true;
    this.isRunning = false;
    this.crash(unheard);
    this.cluster.note?.(this.name, 'pod is gone', undefined);
  }

  /** What the kubelet does after an exit. */
  afterExit(container: Container): void {
    if (this.container === container && this.isStopping) {
      this.isGone = true;
    }
    this.restartAtMs = this.cluster.nowMs + (container.end?.code === 0 ? 0 : RESTART_MS);
  }

  #signal(container: Container): void {
    const { nowMs } = this.cluster;
    const fromPrestop =
      (container.ending.prestop ? (this.prestopAtMs ?? nowMs) : nowMs) + FINAL_BACKUP_TIMEOUT_MS;
    if (!container.ending.sigterm) {
      container.deadlineMs = Math.max(fromPrestop, nowMs + LEAST_AFTER_SIGTERM_MS);
      container.ending = { ...container.ending, sigterm: true };
    }
  }
}
