import { type DestinationStream, type Logger, pino } from 'pino';
import type { Settings } from './settings.ts';

export type { Logger };

/**
 * The program's log: one JSON object a line on standard output, each with a stable name in `event`. Written
 * synchronously, so that the last line before an exit is there too.
 */
export async function createLog(
  level: Settings['LOG_LEVEL'],
  format: Settings['LOG_FORMAT'],
): Promise<Logger> {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const named = { ...options, formatters: { level: (label: string) => ({ level: label }) } };
  return pino(named, format === 'pretty' ? await prettyStream() : pino.destination({ dest: 1, sync: true }));
}

async function prettyStream(): Promise<DestinationStream> {
  const { PinoPretty } = await import('pino-pretty');
  return PinoPretty({ sync: true, ignore: 'event', translateTime: 'SYS:HH:MM:ss' });
}
