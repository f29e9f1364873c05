/** How a step ends. Only steps of the repository and the extraction know others than `ok`. */
export type Outcome =
  | 'ok'
  /** The link is cut before anything has happened. */
  | 'cut'
  /** The link is cut after it has happened. */
  | 'lost'
  /** The link is cut; the server has not noticed, and may still act on what was sent. */
  | 'stalled'
  /** Somebody else holds the lock for as long as this one waits. */
  | 'locked'
  /** It fails in a way that a person has to look at. */
  | 'person'
  /** The archive is made, but lacks what could not be read. */
  | 'incomplete';

/** One call, or a part of it, that happens only once the schedule picks it. */
export interface Step {
  /** Counts up: who asked first. */
  readonly order: number;
  readonly op: string;
  readonly askedAtMs: number;
  /** From when on it happens by itself. Whoever picks it earlier moves the time on to then. */
  due(): number;
  run(outcome: Outcome): void;
  /** What happens although nobody hears of it any more: the container is gone. */
  runUnheard(): void;
}
