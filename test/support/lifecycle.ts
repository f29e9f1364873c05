import type { Context } from '../../sidecar/src/lifecycle/context.ts';
import { Events, type LifecycleEvents } from '../../sidecar/src/lifecycle/events.ts';
import type { Saver } from '../../sidecar/src/lifecycle/save.ts';
import { Termination } from '../../sidecar/src/lifecycle/termination.ts';
import { WAITS } from '../../sidecar/src/lifecycle/waits.ts';
import { parseSettings } from '../../sidecar/src/settings/parse.ts';
import type { Fingerprint } from '../../sidecar/src/volume/fingerprint.ts';

/** A context without a repository, a clock or chance. Each wait ends at once, after what the test says happens in it. */
export class FakeLifecycle {
  /** How long was waited, one after the other. */
  readonly waited: number[] = [];
  readonly failures: LifecycleEvents['failure'][0][] = [];
  /** Every state that was reached, and `recovered`. */
  readonly told: string[] = [];
  readonly termination: Termination;
  readonly context: Context;
  readonly #waits: ((termination: Termination) => void)[];

  /** @param waits what happens in the first wait, the second …; one wait more is an error */
  constructor(...waits: ((termination: Termination) => void)[]) {
    this.#waits = waits;
    const { settings, problems } = parseSettings({ ARCHIVE_NAME: 'grafana', REPO_BASE: '/repositories' }, 0);
    if (settings === undefined) {
      throw new Error(problems.join(' '));
    }
    const events = new Events();
    events.on('failure', (failure) => this.failures.push(failure));
    events.on('state', ({ to }) => this.told.push(to));
    events.on('recovered', () => this.told.push('recovered'));
    this.termination = new Termination({
      stoppingFile: '/not/there',
      finalBackupTimeout: settings.FINAL_BACKUP_TIMEOUT,
      waits: WAITS,
      now: () => 0,
    });
    this.context = {
      settings,
      events,
      termination: this.termination,
      repository: undefined as never,
      exclude: { lines: [], matches: () => false },
      self: { uid: 0, gid: 0, canChown: true, canSetAttributes: true, takesAll: false },
      world: {
        now: () => 0,
        random: () => 0.5,
        newId: () => '0123456789abcdef',
        sleep: (milliseconds, ...until) => this.#wait(milliseconds, until),
        pause: async () => {},
        waits: WAITS,
        bootId: 'boot',
        podName: 'grafana-0',
      },
    };
  }

  async #wait(milliseconds: number, until: readonly AbortSignal[]): Promise<void> {
    if (until.some((signal) => signal.aborted)) {
      return;
    }
    this.waited.push(milliseconds);
    const happens = this.#waits.shift();
    if (happens === undefined) {
      throw new Error(`Nothing happens in the wait of ${milliseconds} ms: ${this.waited.join(', ')}`);
    }
    happens(this.termination);
  }

  [Symbol.dispose](): void {
    this.termination.close();
  }
}

/** A saver that always finds a change, until it has been told otherwise. */
export class FakeSaver {
  /** The ending of each save that was tried. */
  readonly saves: { closing: boolean; final: boolean }[] = [];
  looks = 0;
  readonly #outcomes: (boolean | Error)[];
  #unsaved = true;

  /** @param outcomes of the first save, the second …: what it answers or throws; `true` afterwards */
  constructor(...outcomes: (boolean | Error)[]) {
    this.#outcomes = outcomes;
  }

  /** As the lifecycle knows it. */
  get saver(): Saver {
    return this as unknown as Saver;
  }

  changed(): void {
    this.#unsaved = true;
  }

  async look(): Promise<Fingerprint> {
    this.looks += 1;
    return { digest: '', files: 0, bytes: 0, unreadable: [] };
  }

  isUnsaved(): boolean {
    return this.#unsaved;
  }

  async save(_: Fingerprint, ending: { closing: boolean; final: boolean }): Promise<boolean> {
    this.saves.push(ending);
    const outcome = this.#outcomes.shift() ?? true;
    if (outcome instanceof Error) {
      throw outcome;
    }
    this.#unsaved = !outcome;
    return outcome;
  }
}
