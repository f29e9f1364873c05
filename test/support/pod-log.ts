import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Journal } from './journal.ts';
import type { Limit } from './limit.ts';

/** A line of the program's log. What is not JSON has the event `text`, with its source in `stream`. */
export type LogLine = { event: string; level?: string | number; msg?: string; [field: string]: unknown };
export type LogMatch = (line: LogLine) => boolean;

/** What one run of a container has logged. */
export class PodLog {
  readonly #journal = new Journal<LogLine>((line) => JSON.stringify(line));

  get lines(): readonly LogLine[] {
    return this.#journal.entries;
  }

  /** Calls for each line, those that are there already first. */
  follow(listener: (line: LogLine) => void): void {
    this.#journal.follow(listener);
  }

  read(stream: 'stdout' | 'stderr', input: Readable): void {
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => this.#journal.push(parseLine(stream, line)));
  }

  end(reason: string): void {
    this.#journal.end(reason);
  }

  /** Those that are there already. */
  seen(event: string, match: LogMatch = () => true): LogLine[] {
    return this.lines.filter((line) => line.event === event && match(line));
  }

  /** The first one, whether it is there already or still has to come. */
  async event(event: string, match: LogMatch = () => true, limit: Limit = '60s'): Promise<LogLine> {
    return await this.#find({ event, match, limit, from: 0 });
  }

  /** The first one from now on. */
  async next(event: string, match: LogMatch = () => true, limit: Limit = '60s'): Promise<LogLine> {
    return await this.#find({ event, match, limit, from: this.lines.length });
  }

  tail(): string {
    return this.#journal.tail();
  }

  async #find(wait: { event: string; match: LogMatch; limit: Limit; from: number }): Promise<LogLine> {
    const match = (line: LogLine) => line.event === wait.event && wait.match(line);
    return await this.#journal.find({ ...wait, match, what: `no event "${wait.event}" with ${wait.match}` });
  }
}

function parseLine(stream: 'stdout' | 'stderr', text: string): LogLine {
  if (stream === 'stdout' && text.startsWith('{')) {
    try {
      const line = JSON.parse(text) as LogLine;
      return { ...line, event: String(line.event ?? 'unnamed') };
    } catch {
      // Half a line, from a process that was killed while it wrote.
    }
  }
  return { event: 'text', stream, msg: text };
}
