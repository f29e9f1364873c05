import type { Milliseconds } from '../settings/kinds.ts';
import type { Waits } from './waits.ts';

/** What the lifecycle gets from outside, so that its decisions can be tried without it. */
export interface World {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since the boot of the node, which no change of its clock touches. */
  uptime(): number;
  /** From 0 to below 1. */
  random(): number;
  /** 16 random hexadecimal digits. */
  newId(): string;
  /** Resolves after a time, or at once when a signal fires. Never rejects. */
  sleep(milliseconds: Milliseconds, ...until: AbortSignal[]): Promise<void>;
  /** Lets everything else that is due run. */
  pause(): Promise<void>;
  readonly waits: Waits;
  /** Changes with each boot of the node. */
  readonly bootId: string;
  /** The pod's name. */
  readonly podName: string;
}
