import type { Created, Creation, Watcher } from '../../sidecar/src/borg/creation.ts';
import { BorgError } from '../../sidecar/src/borg/error.ts';
import type { Reason } from '../../sidecar/src/borg/reasons.ts';
import {
  type Extraction,
  type Item,
  type Listing,
  type Lock,
  Repository,
} from '../../sidecar/src/borg/repository.ts';
import { Acceptance } from '../../sidecar/src/lifecycle/acceptance.ts';
import { Calls } from '../../sidecar/src/lifecycle/calls.ts';
import type { Context } from '../../sidecar/src/lifecycle/context.ts';
import { Databases } from '../../sidecar/src/lifecycle/databases.ts';
import { Events, type LifecycleEvents } from '../../sidecar/src/lifecycle/events.ts';
import { LifecycleHost } from '../../sidecar/src/lifecycle/host.ts';
import { Termination } from '../../sidecar/src/lifecycle/termination.ts';
import { WAITS } from '../../sidecar/src/lifecycle/waits.ts';
import type { World } from '../../sidecar/src/lifecycle/world.ts';
import { type Environment, parseSettings } from '../../sidecar/src/settings/parse.ts';
import type { Settings } from '../../sidecar/src/settings.ts';
import { type Exclude, parseExclude } from '../../sidecar/src/volume/exclude.ts';

type During = (life: FakeLifecycle) => void;

export const WHERE = { repository: '/r', host: 'nas', port: 22, login: 'nas' };

/** The default of BACKUP_INTERVAL, and of FINAL_BACKUP_TIMEOUT. */
export const INTERVAL = 300_000;
export const NOTHING_SEEN = { prestop: false, sigterm: false };
export const PRESTOP_SEEN = { prestop: true, sigterm: false };
export const SIGTERM_SEEN = { prestop: true, sigterm: true };
export const nothing = () => {};
export const prestop = ({ termination }: FakeLifecycle) => termination.tellPrestop();
export const sigterm = ({ termination }: FakeLifecycle) => termination.tellSigterm();

export function failing(reason: Reason, detail?: string): BorgError {
  return new BorgError(reason, WHERE, detail);
}

/** A run whose gate is open. */
export function live(...waits: During[]): FakeLifecycle {
  const life = new FakeLifecycle({ waits });
  life.host.setReady();
  return life;
}

/** A run after SIGTERM, which had time to save. */
export function ending(...waits: During[]): FakeLifecycle {
  const life = live(...waits);
  life.termination.tellPrestop();
  life.termination.tellSigterm();
  return life;
}

/** The settings of an environment, with the two that every run needs. */
function settingsOf(env: Environment = {}): Settings {
  const required = { ARCHIVE_NAME: 'grafana', REPO_BASE: '/repositories' };
  const { settings, problems } = parseSettings({ ...required, ...env }, 0);
  if (settings === undefined) {
    throw new Error(problems.join(' '));
  }
  return settings;
}

/** A context without a clock or chance. Each wait ends at once, after what the test says happens in it. */
export class FakeLifecycle {
  /** How long was waited, one after the other. */
  readonly waited: number[] = [];
  /** Whether something ended that wait, rather than its time. */
  readonly woken: boolean[] = [];
  readonly failures: LifecycleEvents['failure'][0][] = [];
  /** Every state that was reached, and `recovered`. */
  readonly told: string[] = [];
  readonly repository = new FakeRepository();
  readonly termination: Termination;
  readonly context: Context;
  readonly host: LifecycleHost;
  readonly #waits: During[];

  /** @param waits what happens in the first wait, the second …; one wait more is an error */
  constructor({ env = {}, waits = [] }: { env?: Environment; waits?: readonly During[] } = {}) {
    this.#waits = [...waits];
    const settings = settingsOf(env);
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
    const exclude: Exclude = parseExclude(settings.EXCLUDE ?? '');
    const context: Omit<Context, 'calls' | 'databases'> = {
      settings,
      events,
      exclude,
      termination: this.termination,
      repository: this.repository,
      unread: { paths: new Set() },
      acceptance: new Acceptance(events),
      self: { uid: 0, gid: 0, canChown: true, canSetAttributes: true, takesAll: false },
      world: {
        now: () => 1_800_000_000_000,
        uptime: () => 1_234,
        random: () => 0.5,
        newId: () => '0123456789abcdef',
        sleep: (milliseconds, ...until) => this.#wait(milliseconds, until),
        pause: async () => {},
        waits: WAITS,
        bootId: 'boot',
        podName: 'grafana-0',
      },
    };
    this.context = { ...context, calls: new Calls(context), databases: new Databases(context) };
    this.host = new LifecycleHost(this.context);
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
    happens(this);
    this.woken.push(until.some((signal) => signal.aborted));
  }

  [Symbol.dispose](): void {
    this.termination.close();
  }
}

/** A repository without borg: each method does what the test says, and nothing else. */
export class FakeRepository extends Repository {
  onList = async (_signal: AbortSignal, _lock: Lock): Promise<Listing> => ({
    repositoryId: 'repo',
    archives: [],
  });
  onCreate = async (_creation: Creation, _signal: AbortSignal, _watcher?: Watcher): Promise<Created> => ({
    ...{ repositoryId: 'repo', id: 'id', addedBytes: 0, unread: [], raced: [] },
  });
  onWarm = async (_signal: AbortSignal): Promise<void> => {};
  onDelete = async (_names: readonly string[], _signal: AbortSignal): Promise<void> => {};
  onInit = async (_encryption: string): Promise<void> => {};
  onExtract = async (_extraction: Extraction, _signal: AbortSignal, _lock: Lock): Promise<void> => {};
  onItems = async (_name: string, _signal: AbortSignal, _lock: Lock): Promise<Item[]> => [];

  constructor() {
    super(WHERE, '/not/there', () => Promise.reject(new Error('no borg here')));
  }

  override init(encryption: 'none' | 'repokey-blake2'): Promise<void> {
    return this.onInit(encryption);
  }

  override list(signal: AbortSignal, lock: Lock = {}): Promise<Listing> {
    return this.onList(signal, lock);
  }

  override create(creation: Creation, signal: AbortSignal, watcher?: Watcher): Promise<Created> {
    return this.onCreate(creation, signal, watcher);
  }

  override warm(signal: AbortSignal): Promise<void> {
    return this.onWarm(signal);
  }

  override delete(names: readonly string[], signal: AbortSignal): Promise<void> {
    return this.onDelete(names, signal);
  }

  override async items(
    name: string,
    onItem: (item: Item) => void,
    signal: AbortSignal,
    lock: Lock = {},
  ): Promise<void> {
    for (const item of await this.onItems(name, signal, lock)) {
      onItem(item);
    }
  }

  override extract(extraction: Extraction, signal: AbortSignal, lock: Lock = {}): Promise<void> {
    return this.onExtract(extraction, signal, lock);
  }
}

/** Sets the clock of a world; each wait puts it forward by as much. */
export function setClock(world: World, nowMs: number, stepMs: number): { readonly nowMs: number } {
  const clock = { nowMs };
  const sleep = async () => {
    clock.nowMs += stepMs;
  };
  Object.assign(world, { now: () => clock.nowMs, sleep });
  return clock;
}
