import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Marker, parseMarker } from '../lineage/marker.ts';

/** That the application may have run on a volume, remembered beside the volume. */
export interface LiveRecord {
  /** Changes with each boot of the node, with which every application has ended. */
  readonly bootId: string;
  /** The volume's marker when its gate was opened. */
  readonly marker: Marker;
}

const FILE = 'live.json';

/** Remembers it, so that a volume that loses its content or its marker is not taken for a new one. */
export async function recordLive(stateDir: string, record: LiveRecord): Promise<void> {
  await writeFile(join(stateDir, FILE), JSON.stringify(record));
}

/** What was remembered in this boot of the node, if anything. */
export async function readLiveRecord(stateDir: string, bootId: string): Promise<LiveRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(stateDir, FILE), 'utf8')) as LiveRecord;
    const marker = parseMarker(record.marker);
    return record.bootId === bootId && marker ? { bootId, marker } : undefined;
  } catch {
    return undefined;
  }
}
