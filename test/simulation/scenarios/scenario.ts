import type { Mutation } from '../world/cluster.ts';

/** A schedule that breaks the protocol without a certain rule. */
export interface Scenario {
  /** Its number in the specification. */
  readonly rule: string;
  readonly title: string;
  /** Fails where a promise is broken, or where it ends otherwise than it should. */
  play(mutation?: Mutation): Promise<void>;
}
