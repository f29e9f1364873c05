import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TemporaryDirectory } from '../test/support/temporary.ts';
import type { Parts } from './result.ts';
import type { Site } from './site.ts';

/** One who takes part: what it does is timed, unless it says itself how long what counts took. */
export interface Contender {
  readonly who: string;
  readonly work: () => Promise<number | undefined>;
}

export interface Course {
  readonly seconds: number[];
  readonly parts: Parts[];
}

/** Lets all take turns. The first round warms the disk's cache and is not counted. */
export async function race(
  site: Site,
  contenders: readonly Contender[],
  { runs, before }: { runs: number; before?: (run: number) => Promise<void> },
): Promise<Map<string, Course>> {
  const courses = new Map(contenders.map(({ who }) => [who, { seconds: [], parts: [] } as Course]));
  for (let run = 0; run <= runs; run += 1) {
    await before?.(run);
    for (const { who, work } of contenders) {
      const { value, seconds, parts } = await site.take(work);
      if (run === 0) continue;
      courses.get(who)?.seconds.push(value ?? seconds);
      courses.get(who)?.parts.push(parts);
    }
  }
  return courses;
}

export function courseOf(courses: ReadonlyMap<string, Course>, who: string): Course {
  const course = courses.get(who);
  if (course === undefined) throw new Error(`"${who}" did not take part.`);
  return course;
}

/** An empty directory for the time of some work; making and removing it is nobody's time. */
export async function intoEmpty(work: (path: string) => Promise<void>): Promise<number> {
  await using directory = await TemporaryDirectory.make('into');
  const path = join(directory.path, 'data');
  await mkdir(path);
  const began = performance.now();
  await work(path);
  return (performance.now() - began) / 1_000;
}
