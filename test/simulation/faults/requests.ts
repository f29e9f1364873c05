import type { Request } from '../../../sidecar/src/lineage/rows/start.ts';

/** RESTORE_ARCHIVE with a name, or RESTORE_AT with a time. */
export function hashRequest(wanted: string | number): Request {
  const text = typeof wanted === 'string' ? `RESTORE_ARCHIVE=${wanted}` : `RESTORE_AT=${wanted}`;
  return {
    text,
    hash: text.replaceAll(/\W/g, '-'),
    wanted: typeof wanted === 'string' ? { archive: wanted } : { notAfterMs: wanted },
  };
}
