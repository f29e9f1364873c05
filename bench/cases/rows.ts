import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defineCase, type Notebook } from '../case.ts';
import { createRecorder, recorder } from '../load/recorder.ts';
import { AT_ONCE, halt, resume, saveHalted } from '../ours.ts';
import { figure, middle, type Parts } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { Restic } from '../rivals/restic.ts';
import { rsyncTo } from '../rivals/rsync.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';
import { sizeOnDisk } from '../sizes.ts';

const MB = 1_000_000;
const MOST_MB_FOR_ONE_ROW = 0.3;
const MOST_MB_FOR_SIXTY = 4;

type Setting = { mebibytes: number; runs: number };
/** Who saves the volume, and how many bytes that added. */
type Saver = { who: string; save: () => Promise<number> };

const CHANGES = [
  {
    what: 'one row changed',
    most: MOST_MB_FOR_ONE_ROW,
    make: (database: DatabaseSync, run: number) => {
      const { rows } = database.prepare('SELECT max(state_id) AS rows FROM states').get() as { rows: number };
      const id = ((run * 7_919 + 1) * 104_729) % rows;
      database.prepare('UPDATE states SET state = ? WHERE state_id = ?').run(`${run}.50`, id + 1);
    },
  },
  {
    what: '60 rows appended',
    most: MOST_MB_FOR_SIXTY,
    make: (database: DatabaseSync) => recorder(database)(60),
  },
];

export const rows = defineCase<Setting>({
  name: 'rows',
  title: 'What a small change of a database adds to the repository',
  sizes: { quick: { mebibytes: 30, runs: 1 }, full: { mebibytes: 200, runs: 5 } },
  async run({ mebibytes, runs }, notebook) {
    await using site = await Site.start();
    await site.server.init('ours', { encryption: 'none' });
    await using pod = await site.pod('ours', await bundle());
    const volume = pod.dataDir;
    const file = join(volume, 'history.db');
    {
      using database = new DatabaseSync(file);
      createRecorder(database, mebibytes);
    }
    await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt', PRUNE_FLAGS: 'none' });
    await pod.event('save.done', undefined, '10m');
    await pod.next('looked', ({ unsaved }) => unsaved === false, '5m');
    halt(pod);
    const ours: Saver = {
      who: 'the sidecar',
      save: async () => Number((await saveHalted(pod)).done.addedBytes),
    };
    const savers = [ours, ...(await rivals(site, volume))];
    for (const { what, most, make } of CHANGES) {
      const change = (run: number) => {
        using database = new DatabaseSync(file);
        make(database, run);
      };
      await compare({ what: `${what}, ${mebibytes} MiB`, most, change, site, savers, runs }, notebook);
    }
    notebook.note(
      'Added is what the archive alone holds; for restic and rsync, which do not say, how much their directory grew and what went over the line. The application is closed while it is saved.',
    );
    resume(pod);
    await pod.kill();
  },
});

type Comparison = {
  what: string;
  most: number;
  change: (run: number) => void;
  site: Site;
  savers: readonly Saver[];
  runs: number;
};

async function compare(
  { what, most, change, site, savers, runs }: Comparison,
  notebook: Notebook,
): Promise<void> {
  const found = new Map<string, { added: number[]; parts: Parts[] }>();
  for (let run = 1; run <= runs; run += 1) {
    change(run);
    for (const { who, save } of savers) {
      const { value, parts } = await site.take(save);
      const all = found.get(who) ?? { added: [], parts: [] };
      all.added.push(value / MB);
      all.parts.push(parts);
      found.set(who, all);
    }
  }
  for (const [who, { added, parts }] of found)
    notebook.measured(what, who, figure('MB', ...added), middle(parts));
  const added = found.get(savers[0]?.who ?? '')?.added ?? [];
  notebook.never(`${what}: added by a save`, figure('MB', ...added), most);
}

async function rivals(site: Site, volume: string): Promise<Saver[]> {
  const [fixed, byDefault] = await Promise.all([
    BareBorg.at(site, 'fixed', { init: true, chunkerParams: 'fixed,65536' }),
    BareBorg.at(site, 'default', { init: true }),
  ]);
  const [restic, rsync] = await Promise.all([Restic.at(site, 'rows'), rsyncTo(site, 'rows')]);
  const savers: Saver[] = [
    { who: 'borg, chunks of 64 KiB', save: () => fixed.added(volume) },
    { who: "borg's default, as the predecessor", save: () => byDefault.added(volume) },
    {
      who: 'restic',
      save: async () => {
        const before = sizeOnDisk(restic.repository);
        await restic.save(volume);
        return sizeOnDisk(restic.repository) - before;
      },
    },
    {
      who: 'rsync -a',
      save: async () => {
        const before = site.line.traffic.sent;
        await rsync.save(volume);
        return site.line.traffic.sent - before;
      },
    },
  ];
  for (const { save } of savers) await save();
  return savers;
}
