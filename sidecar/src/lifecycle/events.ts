import { EventEmitter } from 'node:events';
import type { LineageEvents } from '../lineage/events.ts';
import type { Activity } from '../lineage/ports.ts';
import type { RestoreProgress } from '../server/progress.ts';
import type { Failure } from './failure.ts';

/**
 * `starting`: the volume and the order are looked at. `waiting`: a failure that may pass, or an older writer's end, is
 * waited for. `restoring`: an archive is extracted. `live`: the application may run. `saving`: an archive is being made.
 * `fenced`: the application may run, and a newer writer has taken over. `stopping`: after SIGTERM. `stopped`: the end.
 */
export const STATES = [
  'starting',
  'waiting',
  'restoring',
  'live',
  'saving',
  'fenced',
  'stopping',
  'stopped',
] as const;

export type State = (typeof STATES)[number];

/** What happens in a run, for whoever watches: log, metrics and status. Nothing is steered through it. */
export interface LifecycleEvents extends LineageEvents {
  /** The state changed. */
  state: [{ from: State; to: State }];
  /** Something that a person should know and that stops nothing. */
  warning: [{ name: string; message: string }];
  /** A call over HTTP failed, for the given kind of reason. */
  'call.failed': [{ setting: string; host: string; reason: string }];
  /** An archive is going to be extracted. */
  'restore.started': [{ archive: string; bytes: number | undefined }];
  /** How far the extraction is, every few seconds. */
  'restore.progress': [RestoreProgress];
  /** The volume is what the archive holds. */
  'restore.done': [{ archive: string; entries: number; bytes: number; seconds: number }];
  /** There is nothing to restore. */
  'restore.empty': [Record<string, never>];
  /** The application may run from now on. */
  'gate.opened': [Record<string, never>];
  /** Something failed; `retryInMs` is when it is tried again. */
  failure: [Failure & { activity: Activity; retryInMs: number | undefined }];
  /** What failed before works again. */
  recovered: [Record<string, never>];
  /** The pod's termination has begun. */
  prestop: [Record<string, never>];
  /** The program was told to end. */
  sigterm: [Record<string, never>];
}

/** The bus of a run. */
export class Events extends EventEmitter<LifecycleEvents> {
  #state: State = 'starting';

  get state(): State {
    return this.#state;
  }

  /** `on` for a name that is not known before the program runs. */
  observe<Name extends keyof LifecycleEvents>(
    name: Name,
    act: (event: LifecycleEvents[Name][0]) => void,
  ): void {
    super.on(name, ((event: LifecycleEvents[Name][0]) => act(event)) as never);
  }

  /** The one door to a new state. */
  setState(to: State): void {
    const from = this.#state;
    if (from !== to) {
      this.#state = to;
      this.emit('state', { from, to });
    }
  }
}
