import type { Found } from '../ports.ts';

/** Which start this is. */
export type Boot =
  /** Rows 1, 4: restore into the volume, emptied before. */
  | 'restore'
  /** Row 2: the volume's content vanished under the program. */
  | 'vanished'
  /** Row 3: files of unknown origin. */
  | 'nonempty'
  /** Row 3: keep the files and save them. */
  | 'adopt'
  /** Row 6: the application may be running: never restore, only save. */
  | 'resume'
  /** Row 7: the same, and a newer writer has taken over. */
  | 'fenced'
  /** Row 6 for an application that has deleted the marker: put it back first. */
  | 'recover';

/** Rows 1 to 4, 6 and 7: what the volume and its marker say. */
export function boot({ empty, marker, record }: Found, onNonemptyVolume: 'fail' | 'adopt'): Boot {
  switch (marker?.state) {
    case 'restoring':
      return 'restore';
    case 'live':
      return 'resume';
    case 'fenced':
      return 'fenced';
    default:
  }
  if (empty) {
    return record === undefined ? 'restore' : 'vanished';
  }
  if (record !== undefined) {
    return 'recover';
  }
  return onNonemptyVolume === 'adopt' ? 'adopt' : 'nonempty';
}
