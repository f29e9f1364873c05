/** Holds the marker; never part of an archive. */
export const MARKER_DIRECTORY = '.borg-volume-sync';

/** What may lie in the root of a volume and is not the application's: never counted, archived, restored or wiped. */
export const RESERVED: readonly string[] = [MARKER_DIRECTORY, 'lost+found'];
