/** What a volume holds at one moment, and what it came from. */
export interface State {
  readonly id: number;
  readonly parent: State | undefined;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
  /** Shared by all states that look alike. */
  readonly alike: {
    /** An archive took another state than the one that its fingerprint was of: no undoing leads back here. */
    blurred: boolean;
  };
}

/** A volume that an extraction or a power cut has left in pieces. */
export const HALF = 'half';
export type Content = State | typeof HALF;

const FILES = 10;
const FEW_FILES = 2;
const BYTES_EACH = 100;

export const EMPTY: State = {
  id: 0,
  parent: undefined,
  digest: 'empty',
  files: 0,
  bytes: 0,
  alike: { blurred: false },
};

/** The states of one world. */
export class States {
  #made = 0;

  next(parent: State | undefined, shrunk = parent !== undefined && parent.files === FEW_FILES): State {
    this.#made += 1;
    const files = shrunk ? FEW_FILES : FILES;
    const id = this.#made;
    return { id, parent, digest: `s${id}`, files, bytes: files * BYTES_EACH, alike: { blurred: false } };
  }

  /** A state that a person asks for, in the place of a newer one. */
  returnTo(state: State, parent: State | undefined): State {
    this.#made += 1;
    return { ...state, id: this.#made, parent };
  }

  /** Nothing any more. */
  wipe(parent: State): State {
    return { ...this.next(parent), files: 0, bytes: 0 };
  }

  /** The state before a state again: it looks the same, but came from what was undone. */
  undo(state: State): State | undefined {
    const { parent } = state;
    const isUnclear = parent === undefined || parent.alike.blurred || parent.files === 0;
    return isUnclear ? undefined : this.returnTo(parent, state);
  }
}

export function isEmpty(content: Content): boolean {
  return content !== HALF && content.files === 0;
}

/** Whether two hold the same, whatever they came from. */
export function isAlike(one: Content | undefined, other: Content | undefined): boolean {
  return nameState(one) === nameState(other);
}

/** Whether what a state holds went into another. */
export function descends(state: State | undefined, from: State): boolean {
  for (let each = state; each !== undefined; each = each.parent) {
    if (each === from) {
      return true;
    }
  }
  return false;
}

export function nameState(content: Content | undefined): string {
  return content === undefined ? 'nothing' : content === HALF ? HALF : content.digest;
}
