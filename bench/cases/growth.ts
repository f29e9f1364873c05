import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defineCase, type Notebook } from '../case.ts';
import { createRecorder } from '../load/recorder.ts';
import { Writer } from '../load/writer.ts';
import { AT_ONCE, nextSave } from '../ours.ts';
import { figure } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { Predecessor } from '../rivals/predecessor.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';
import { HighWater, sizeOnDisk } from '../sizes.ts';

const MB = 1_000_000;
const MOST_TIMES = 2;
const MOST_MB_MORE = 100;
/** What stands in a save's place for minutes: 60 rows, twice a second. */
const LOAD = { kind: 'recorder', everyMs: 500, rows: 60 } as const;
const SAMPLE_EVERY_MS = 100;

type Setting = { mebibytes: number; saves: number; cycles: number; lookEvery: number };
type Point = { highest: number; deduplicated: number };

export const growth = defineCase<Setting>({
  name: 'growth',
  title: 'The repository on disk over many saves of a database under writes',
  sizes: {
    full: { mebibytes: 200, saves: 200, cycles: 50, lookEvery: 10 },
    soak: { mebibytes: 200, saves: 1_000, cycles: 50, lookEvery: 20 },
  },
  async run(setting, notebook) {
    await using site = await Site.start();
    await using pod = await site.pod('ours', await bundle());
    await site.server.init('ours', { encryption: 'none' });
    const file = join(pod.dataDir, 'history.db');
    {
      using database = new DatabaseSync(file);
      createRecorder(database, setting.mebibytes);
    }
    await using writer = await Writer.start({ file, ...LOAD });
    await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt' });
    const ours = await grow(site, 'ours', { ...setting, rounds: setting.saves, notebook }, async () => {
      await nextSave(pod);
    });
    const deleted = pod.seen('deleted').length;
    const upkeep = pod.seen('upkeep.done').map((line) => JSON.stringify(line.msg));
    // A last save would be repeated as long as the application writes.
    await pod.kill();
    notebook.note(
      `The sidecar deleted archives ${deleted} times and did ${upkeep.length} works of upkeep${upkeep[0] === undefined ? '' : `, the first: ${upkeep[0]}`}.`,
    );
    await writer.progress();
    const predecessor = new Predecessor(await BareBorg.at(site, 'predecessor', { init: true }));
    const theirs = await grow(site, 'predecessor', { ...setting, rounds: setting.cycles, notebook }, () =>
      predecessor.cycle(pod.dataDir),
    );
    judge({ setting, ours, theirs }, notebook);
  },
});

function judge(
  { setting, ours, theirs }: { setting: Setting; ours: Point[]; theirs: Point[] },
  notebook: Notebook,
): void {
  const megabytes = (points: Point[], name: keyof Point) =>
    figure('MB', ...points.map((point) => point[name] / MB));
  const beyond = (points: Point[]) =>
    figure('MB', ...points.map((point) => (point.highest - MOST_TIMES * point.deduplicated) / MB));
  const what = `${setting.mebibytes} MiB under writes`;
  for (const { who, rounds, points } of [
    { who: 'the sidecar', rounds: `${setting.saves} saves`, points: ours },
    { who: 'the predecessor', rounds: `${setting.cycles} cycles`, points: theirs },
  ]) {
    notebook.measured(`${what}, ${rounds}: on disk`, who, megabytes(points, 'highest'));
    notebook.measured(
      `${what}, ${rounds}: deduplicated size of all archives`,
      who,
      megabytes(points, 'deduplicated'),
    );
    notebook.measured(`${what}, ${rounds}: beyond twice that`, who, beyond(points));
  }
  notebook.never(
    `${what}, ${setting.saves} saves: the repository beyond ${MOST_TIMES} × the deduplicated size of all archives`,
    beyond(ours),
    MOST_MB_MORE,
  );
}

/** The height of the repository and what of it archives need, each few rounds. */
async function grow(
  site: Site,
  set: string,
  { rounds, lookEvery, notebook }: { rounds: number; lookEvery: number; notebook: Notebook },
  round: () => Promise<void>,
): Promise<Point[]> {
  const repository = site.server.repository(set);
  using height = new HighWater(() => sizeOnDisk(repository), SAMPLE_EVERY_MS);
  const points: Point[] = [];
  for (let count = 1; count <= rounds; count += 1) {
    await round();
    if (count % lookEvery !== 0) continue;
    const deduplicated = await deduplicatedSize(site, set);
    points.push({ highest: height.take(), deduplicated });
    if (count % (5 * lookEvery) === 0)
      notebook.say(
        `${set}: ${count} of ${rounds}, ${Math.round((points.at(-1)?.highest ?? 0) / MB)} MB on disk`,
      );
  }
  return points;
}

/** Past the lock, which a running save holds; tried again where that changed the repository meanwhile. */
async function deduplicatedSize(site: Site, set: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { cache } = await site.server.json<{ cache: { stats: { unique_csize: number } } }>(
        ['info', '--bypass-lock'],
        { set },
      );
      return cache.stats.unique_csize;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}
