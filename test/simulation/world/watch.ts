import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import type { Container } from './container.ts';
import type { End } from './host.ts';
import type { Archive } from './repository.ts';

/** What a checker may listen to. Whatever it is told of has just happened. */
export interface Watch {
  told?(container: Container, name: keyof LineageEvents, event: object): void;
  /** A list was read. */
  listed?(container: Container): void;
  /** An archive was committed; without a container somebody else did it. */
  committed?(archive: Archive, container: Container | undefined): void;
  deleted?(archives: readonly Archive[], before: readonly Archive[], container: Container): void;
  /** An extraction is going to empty the volume. */
  emptied?(container: Container): void;
  /** The gate was opened; the application is let in unless SIGTERM has come. */
  gateOpened?(container: Container, marker: Marker): void;
  ended?(container: Container, end: End): void;
}

/** A promise of the specification that was broken. */
export interface Violation {
  /** The promise, in a few words that stay the same. */
  readonly rule: string;
  /** What happened. */
  readonly detail: string;
  readonly step: number;
}
