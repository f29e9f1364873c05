import { EventEmitter } from 'node:events';
import type { Failure } from './failure.ts';

/**
 * `starting`: the volume is looked at. `waiting`: a failure that may pass is waited out. `restoring`: an archive is
 * extracted. `live`: the application may run. `saving`: an archive is being made. `stopping`: after SIGTERM.
 * `stopped`: the end.
 */
export type State = 'starting' | 'waiting' | 'restoring' | 'live' | 'saving' | 'stopping' | 'stopped';

export const STATES: readonly State[] = [
  'starting',
  'waiting',
  'restoring',
  'live',
  'saving',
  'stopping',
  'stopped',
];

/** What happens in a run, for whoever watches: log, metrics and status. Nothing is steered through it. */
export interface LifecycleEvents {
  /** The state changed. */
  state: [{ from: State; to: State }];
  /** Something that a person should know and that stops nothing. */
  warning: [{ name: string; message: string }];
  /** The repository answered for the first time, or again. */
  repository: [{ id: string; archives: number }];
  /** The writer of this volume is known. */
  writer: [{ writer: string }];
  /** An archive is going to be extracted. */
  'restore.started': [{ archive: string; bytes: number | undefined }];
  /** Entries extracted so far; `of` is known once the archive's listing is there. */
  'restore.progress': [{ entries: number; of: number | undefined }];
  /** The volume is what the archive holds, and on disk. */
  'restore.done': [{ archive: string; entries: number; bytes: number; seconds: number }];
  /** There is nothing to restore. */
  'restore.empty': [Record<string, never>];
  /** The application may run from now on. */
  'gate.opened': [Record<string, never>];
  /** The volume was looked at. */
  looked: [{ files: number; bytes: number; unreadable: readonly string[]; unsaved: boolean }];
  /** An archive is going to be made. */
  'save.started': [{ archive: string; final: boolean; files: number; bytes: number }];
  /** An archive was made and is confirmed. */
  'save.done': [{ archive: string; final: boolean; partial: boolean; addedBytes: number; seconds: number }];
  /** Something failed; `retryInMs` is when it is tried again. */
  failure: [Failure & { activity: 'start' | 'save' | 'final save'; retryInMs: number | undefined }];
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
