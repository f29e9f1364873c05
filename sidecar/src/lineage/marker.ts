import type { Parent } from './comment.ts';

/** Says, in the volume itself, what the volume is: it dies with the data. */
export interface Marker {
  /**
   * `restoring`: the application has never run on this. `live`: it may have, since its gate was opened. `fenced`: the
   * same, and a newer writer has taken over.
   */
  readonly state: 'restoring' | 'live' | 'fenced';
  /** One pod's lifetime with its volume: 16 hexadecimal digits. */
  readonly writer: string;
  /** The repository's id, once it is known. */
  readonly repo: string | undefined;
  /** Whether this writer has a claim in the order; without one it saves nothing there. */
  readonly claimed: boolean;
  /** The number of that claim, 0 without one. */
  readonly claim: number;
  /** The number of the newest own archive; unclaimed, the highest number of any name when the gate was opened. */
  readonly last: number;
  /** The data archive that the volume descends from. */
  readonly base: Parent;
  /** What that archive said of its size; nothing for the predecessor's and for none. */
  readonly baseSize: Size | undefined;
  /** The writers whose archives were there at an unclaimed start. */
  readonly known: readonly string[];
  /** Inherited by each archive, see its comment. */
  readonly restore: string;
  readonly guard: string;
  /** What the newest own archive lacks with a person's consent. */
  readonly accepted: readonly string[];
  readonly legacy: number;
  readonly chunker: string | undefined;
  /** What has been done for the repository, see the comment. */
  readonly added: number;
  readonly compacted: number;
  readonly checked: number;
  /** When the repository's lock was first seen held, without a break since; only while `restoring`. */
  readonly lockedSince: Moment | undefined;
}

/** A time that a jumping clock does not change: milliseconds since a boot of the node. */
export interface Moment {
  readonly boot: string;
  readonly atMs: number;
}

/** How much a volume holds. */
export interface Size {
  /** Entries other than directories. */
  readonly files: number;
  readonly bytes: number;
}

/** The marker of a volume that nothing has been restored into. */
export function newMarker(writer: string, base: Parent): Marker {
  return {
    state: 'restoring',
    writer,
    repo: undefined,
    claimed: false,
    claim: 0,
    last: 0,
    base,
    baseSize: undefined,
    known: [],
    restore: '-',
    guard: '-',
    accepted: [],
    legacy: 0,
    chunker: undefined,
    added: 0,
    compacted: 0,
    checked: 0,
    lockedSince: undefined,
  };
}

/** The marker that a value read from a file is, or `undefined` if it is none. */
export function parseMarker(value: unknown): Marker | undefined {
  const marker = value as Marker | null;
  const whole =
    typeof marker === 'object' &&
    marker !== null &&
    ['restoring', 'live', 'fenced'].includes(marker.state) &&
    /^[0-9a-f]{16}$/.test(marker.writer) &&
    typeof marker.claimed === 'boolean' &&
    typeof marker.claim === 'number' &&
    typeof marker.last === 'number' &&
    typeof marker.base?.sequence === 'number' &&
    typeof marker.base.id === 'string' &&
    Array.isArray(marker.known) &&
    typeof marker.restore === 'string' &&
    typeof marker.guard === 'string' &&
    Array.isArray(marker.accepted) &&
    typeof marker.legacy === 'number' &&
    typeof marker.added === 'number' &&
    typeof marker.compacted === 'number' &&
    typeof marker.checked === 'number';
  return whole ? marker : undefined;
}
