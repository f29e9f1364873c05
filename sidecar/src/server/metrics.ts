import { Counter, Gauge, Registry } from 'prom-client';

const PREFIX = 'borg_volume_sync_';

/** Every metric, declared once: kind, meaning with its unit, and labels. Names end in their unit. */
const DECLARATIONS = {
  info: {
    kind: Gauge,
    help: 'Always 1; the label says which version this is.',
    labels: ['version'],
  },
  state: {
    kind: Gauge,
    help: '1 for the state that the program is in, 0 for the others.',
    labels: ['state'],
  },
  ready: { kind: Gauge, help: '1 while the application may run.', labels: [] },
  unsaved_change_age_seconds: {
    kind: Gauge,
    help: 'Seconds since the oldest unsaved change was noticed; 0 with nothing unsaved.',
    labels: [],
  },
  last_success_timestamp_seconds: {
    kind: Gauge,
    help: 'When the last save was confirmed or a look found nothing to save, in seconds since 1970.',
    labels: [],
  },
  restore_duration_seconds: { kind: Gauge, help: 'Seconds that the restore took.', labels: [] },
  save_duration_seconds: { kind: Gauge, help: 'Seconds that the last save took.', labels: [] },
  volume_bytes: { kind: Gauge, help: 'Bytes in the volume when last looked at.', labels: [] },
  volume_size_limit_bytes: {
    kind: Gauge,
    help: 'Bytes past which Kubernetes ends the pod, as VOLUME_SIZE_LIMIT says; 0 without it.',
    labels: [],
  },
  volume_files: { kind: Gauge, help: 'Entries other than directories when last looked at.', labels: [] },
  unreadable_entries: {
    kind: Gauge,
    help: 'Entries that can not be read and are missing in the archives.',
    labels: [],
  },
  saves_total: { kind: Counter, help: 'Archives that were made and confirmed.', labels: [] },
  added_bytes_total: {
    kind: Counter,
    help: 'Bytes that the archives added to the repository, deduplicated, before compression.',
    labels: [],
  },
  failures_total: { kind: Counter, help: 'Failures by reason.', labels: ['reason'] },
  call_failures_total: {
    kind: Counter,
    help: 'Calls over HTTP that failed, by the setting that names them.',
    labels: ['setting'],
  },
} as const;

/** The name of a metric without its prefix. */
export type MetricName = keyof typeof DECLARATIONS;

type Labels = Readonly<Record<string, string>>;

/** The metrics of one run. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<string, Gauge | Counter>();

  constructor() {
    for (const [name, { kind: Kind, help, labels }] of Object.entries(DECLARATIONS)) {
      const options = {
        name: `${PREFIX}${name}`,
        help,
        labelNames: [...labels],
        registers: [this.#registry],
      };
      this.#metrics.set(name, new Kind(options));
    }
  }

  /** Sets a gauge. */
  set(name: MetricName, value: number, labels: Labels = {}): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) {
      metric.set(labels, value);
    }
  }

  /** Adds to a counter. */
  add(name: MetricName, value: number, labels: Labels = {}): void {
    this.#metrics.get(name)?.inc(labels, value);
  }

  /** All metrics in Prometheus' text format. */
  async render(): Promise<{ type: string; text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
