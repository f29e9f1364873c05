import type { Marker } from '../volume/marker.ts';

/** What a start finds. */
export interface Found {
  readonly empty: boolean;
  readonly marker: Pick<Marker, 'state'> | undefined;
  /** STATE_DIR knows that the application has run in this boot of the node, on a volume that had a marker. */
  readonly wasLive: boolean;
  readonly onNonemptyVolume: 'fail' | 'adopt';
}

/** Which start this is. */
export type Start =
  /** Restore into the volume, emptied before. */
  | 'restore'
  /** The application may be running: never restore, only save. */
  | 'resume'
  /** Keep the files and save them. */
  | 'adopt'
  /** The same, but the application has deleted the marker: put it back first. */
  | 'recover'
  /** The volume's content vanished under the program. */
  | 'vanished'
  /** Files of unknown origin. */
  | 'nonempty';

/** DESIGN 5.1 as a table: the first row that fits. */
export function chooseStart({ empty, marker, wasLive, onNonemptyVolume }: Found): Start {
  if (marker?.state === 'restoring') {
    return 'restore';
  }
  if (marker?.state === 'live') {
    return 'resume';
  }
  if (empty) {
    return wasLive ? 'vanished' : 'restore';
  }
  if (wasLive) {
    return 'recover';
  }
  return onNonemptyVolume === 'adopt' ? 'adopt' : 'nonempty';
}
