import type { SettingName } from '../settings.ts';
import type { Context } from './context.ts';

type CallName = Extract<
  SettingName,
  'HEARTBEAT_URL' | 'PRE_BACKUP_URL' | 'POST_BACKUP_URL' | 'POST_RESTORE_URL'
>;

/** What calls are made with. */
type Calling = Pick<Context, 'settings' | 'events' | 'termination' | 'world'>;

const WARNINGS: Record<CallName, string> = {
  HEARTBEAT_URL: 'heartbeat.failed',
  PRE_BACKUP_URL: 'pre-backup.failed',
  POST_BACKUP_URL: 'post-backup.failed',
  POST_RESTORE_URL: 'post-restore.failed',
};

/**
 * Tells others over HTTP what is done. A call ends after its time or at the deadline of the last save, and whatever
 * becomes of it stops nothing: no method rejects.
 */
export class Calls {
  readonly #context: Calling;
  /** The kinds of failure that were said since the last success. */
  readonly #said: Record<CallName, Set<string>>;
  /** Something has failed since the last save: a look that finds nothing to save does not mean that all is well. */
  #troubled = false;
  #beat: { readonly atMs: number; readonly over: Promise<void> } | undefined;
  #beating = false;
  #afterBackup = Promise.resolve();

  constructor(context: Calling) {
    this.#context = context;
    const none = () => new Set<string>();
    this.#said = {
      ...{ HEARTBEAT_URL: none(), PRE_BACKUP_URL: none() },
      ...{ POST_BACKUP_URL: none(), POST_RESTORE_URL: none() },
    };
    this.#watch();
  }

  /** Waits for the answer: the application may be making itself ready. */
  async beforeBackup(until: AbortSignal): Promise<void> {
    // Or what was begun after the archive before could undo what this one asks for.
    await this.#afterBackup;
    await this.#call('PRE_BACKUP_URL', until);
  }

  /** Waits for nothing: that the archive counts is more urgent. */
  afterBackup(): void {
    this.#afterBackup = this.#call('POST_BACKUP_URL');
  }

  /** Waits for the answer: the application may start only after it. */
  async afterRestore(until: AbortSignal): Promise<void> {
    await this.#call('POST_RESTORE_URL', until);
  }

  /** Resolves once no call is under way. */
  async settled(): Promise<void> {
    await Promise.all([this.#beat?.over, this.#afterBackup]);
  }

  #watch(): void {
    const { events, settings, world } = this.#context;
    for (const name of ['failure', 'unclaimed'] as const) {
      events.observe(name, () => {
        this.#troubled = true;
      });
    }
    for (const name of ['recovered', 'claimed'] as const) {
      events.observe(name, () => {
        this.#troubled = false;
      });
    }
    events.on('save.done', () => {
      this.#troubled = false;
      this.#heartbeat();
    });
    events.on('looked', ({ unsaved }) => {
      // A quiet volume is looked at each few seconds: nobody who listens needs to hear it that often.
      const isDue =
        world.uptime() - (this.#beat?.atMs ?? Number.NEGATIVE_INFINITY) >= settings.BACKUP_INTERVAL;
      if (!unsaved && !this.#troubled && isDue && events.state === 'live') {
        this.#heartbeat();
      }
    });
  }

  #heartbeat(): void {
    if (this.#beating) {
      return;
    }
    this.#beating = true;
    const over = this.#call('HEARTBEAT_URL').finally(() => {
      this.#beating = false;
    });
    this.#beat = { atMs: this.#context.world.uptime(), over };
  }

  async #call(name: CallName, ...until: AbortSignal[]): Promise<void> {
    const { settings, termination, world } = this.#context;
    const url = settings[name];
    if (url === undefined) {
      return;
    }
    const limit = AbortSignal.timeout(world.waits.call);
    const signal = AbortSignal.any([limit, termination.deadline, ...until]);
    try {
      // Whoever it is redirected to was not named by a person, and the address may hold a secret.
      const response = await fetch(url, { signal, redirect: 'manual' });
      await response.body?.cancel();
      if (response.ok) {
        this.#said[name].clear();
      } else {
        this.#failed(name, url, `it answered ${response.status}`);
      }
    } catch (error) {
      if (limit.aborted) {
        this.#failed(name, url, `no answer within ${world.waits.call / 1_000} s`);
      } else if (!signal.aborted) {
        this.#failed(name, url, codeOf(error));
      }
    }
  }

  /** Says the host alone: path and query may hold a secret. */
  #failed(setting: CallName, { host }: URL, reason: string): void {
    const { events } = this.#context;
    events.emit('call.failed', { setting, host, reason });
    if (!this.#said[setting].has(reason)) {
      this.#said[setting].add(reason);
      const message = `The call of ${setting} to ${host} failed: ${reason}. Everything else goes on without it: look at what listens there, or correct the setting. It is not said again before a call succeeds.`;
      events.emit('warning', { name: WARNINGS[setting], message });
    }
  }
}

/** What came between, without the words of the error, which may quote the address. */
function codeOf(error: unknown): string {
  const { cause } = error as Error;
  return String((cause as NodeJS.ErrnoException | undefined)?.code ?? 'there was no answer');
}
