import type { Metrics } from '../server/metrics.ts';
import type { Status } from '../server/status.ts';
import { type Events, type LifecycleEvents, STATES } from './events.ts';

/** Watches a run for the status page and the metrics. */
export class Monitor {
  readonly #metrics: Metrics;
  readonly #now: () => number;
  #status: Status;
  #unsavedSince: number | undefined;

  constructor(
    events: Events,
    metrics: Metrics,
    first: Pick<Status, 'set' | 'version' | 'repository' | 'sizeLimitBytes'>,
    now: () => number,
  ) {
    this.#metrics = metrics;
    this.#now = now;
    this.#status = { ...NOTHING_YET, ...first };
    metrics.set('info', 1, { version: first.version });
    metrics.set('volume_size_limit_bytes', first.sizeLimitBytes ?? 0);
    this.#showState('starting');
    this.#watchStart(events);
    this.#watchSaves(events);
    this.#watchFence(events);
    this.#watchFailures(events);
  }

  get status(): Status {
    return this.#status;
  }

  /** Milliseconds since the oldest unsaved change was noticed; 0 with nothing unsaved. */
  get unsavedForMs(): number {
    return this.#unsavedSince === undefined ? 0 : this.#now() - this.#unsavedSince;
  }

  /** Brings what depends on the time up to date, before the metrics are read. */
  refresh(): void {
    this.#metrics.set('unsaved_change_age_seconds', this.unsavedForMs / 1_000);
  }

  #watchStart(events: Events): void {
    events.on('state', ({ to }) => this.#showState(to));
    events.on('writer', ({ writer }) => this.#show({ writer }));
    events.on('listed', ({ id, head, forks, held, strays }) => {
      this.#show({ repositoryId: id, head, forks, held, strays });
    });
    events.on('restore.progress', (restoring) => this.#show({ restoring }));
    events.on('restore.done', ({ archive, seconds }) => {
      this.#show({ restored: archive, restoring: undefined });
      this.#metrics.set('restore_duration_seconds', seconds);
    });
    events.on('gate.opened', () => {
      this.#show({ ready: true, failure: undefined });
      this.#metrics.set('ready', 1);
    });
  }

  #watchSaves(events: Events): void {
    events.on('looked', ({ files, bytes, unreadable, unsaved }) => {
      this.#show({ files, bytes, unreadable });
      this.#metrics.set('volume_files', files);
      this.#metrics.set('volume_bytes', bytes);
      this.#metrics.set('unreadable_entries', unreadable.length);
      this.#showUnsaved(unsaved ? (this.#unsavedSince ?? this.#now()) : undefined);
      if (!unsaved) {
        this.#showSuccess();
      }
    });
    events.on('save.done', (made) => {
      this.#metrics.add('saves_total', 1);
      this.#showMade(made);
      this.#showSuccess();
    });
  }

  #watchFence(events: Events): void {
    events.on('unclaimed', () => this.#show({ claimed: false, waitingFor: undefined }));
    events.on('claimed', () => this.#show({ claimed: true, waitingFor: undefined }));
    events.on('handover.waiting', (waitingFor) => this.#show({ waitingFor }));
    events.on('fenced', ({ by }) => this.#show({ fencedBy: by }));
    events.on('fork.done', (made) => this.#showMade(made));
  }

  #watchFailures(events: Events): void {
    events.on('failure', ({ reason, message }) => {
      const since =
        this.#status.failure?.reason === reason ? this.#status.failure.since : this.#time(this.#now());
      this.#show({ failure: { reason, message, since } });
      this.#metrics.add('failures_total', 1, { reason });
    });
    events.on('recovered', () => this.#show({ failure: undefined }));
    events.on('call.failed', ({ setting }) => this.#metrics.add('call_failures_total', 1, { setting }));
  }

  #showState(to: Status['state']): void {
    // A restore that failed, or is over, is at no place any more.
    this.#show({ state: to, restoring: undefined, ...(to === 'stopped' ? { ready: false } : {}) });
    for (const state of STATES) {
      this.#metrics.set('state', state === to ? 1 : 0, { state });
    }
  }

  #showMade({ archive, seconds, addedBytes }: LifecycleEvents['fork.done'][0]): void {
    this.#show({ lastArchive: archive });
    this.#metrics.set('save_duration_seconds', seconds);
    this.#metrics.add('added_bytes_total', addedBytes);
    this.#showUnsaved(undefined);
  }

  #showUnsaved(since: number | undefined): void {
    this.#unsavedSince = since;
    this.#show({ unsavedSince: since === undefined ? undefined : this.#time(since) });
  }

  #showSuccess(): void {
    this.#show({ lastSuccess: this.#time(this.#now()) });
    this.#metrics.set('last_success_timestamp_seconds', Math.round(this.#now() / 1_000));
  }

  #show(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change };
  }

  #time(milliseconds: number): string {
    return new Date(milliseconds).toISOString();
  }
}

const NOTHING_YET: Omit<Status, 'set' | 'version' | 'repository' | 'sizeLimitBytes'> = {
  state: 'starting',
  ready: false,
  repositoryId: undefined,
  writer: undefined,
  claimed: undefined,
  head: undefined,
  waitingFor: undefined,
  fencedBy: undefined,
  forks: [],
  held: [],
  strays: [],
  restored: undefined,
  restoring: undefined,
  lastArchive: undefined,
  lastSuccess: undefined,
  unsavedSince: undefined,
  files: 0,
  bytes: 0,
  unreadable: [],
  failure: undefined,
};
