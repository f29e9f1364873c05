import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { changeFile } from '../../test/support/volume.ts';
import { defineCase, type Notebook } from '../case.ts';
import { type Contender, courseOf, race } from '../contenders.ts';
import { describe, plant, type Tree } from '../load/tree.ts';
import { AT_ONCE, halt, resume, saveHalted } from '../ours.ts';
import { ratio } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { Predecessor } from '../rivals/predecessor.ts';
import { Restic } from '../rivals/restic.ts';
import { rsyncTo } from '../rivals/rsync.ts';
import { tarTo } from '../rivals/tar.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';

const MOST_TIMES_BARE = 1.1;
/** From here on the walks of Borg and of the sidecar count, which is what the budget is about. */
const MANY_FILES = 50_000;

type Setting = { tree: Tree; roundTripMs: number; runs: number; tar: boolean };

export const save = defineCase<readonly Setting[]>({
  name: 'save',
  title: 'A save of one changed file',
  sizes: {
    quick: [{ tree: { files: 1_000, mebibytes: 20 }, roundTripMs: 0, runs: 1, tar: true }],
    full: [
      { tree: { files: 10, mebibytes: 1 }, roundTripMs: 0, runs: 5, tar: true },
      { tree: { files: 5_000, mebibytes: 250 }, roundTripMs: 0, runs: 3, tar: true },
      { tree: { files: 5_000, mebibytes: 250 }, roundTripMs: 50, runs: 3, tar: false },
      { tree: { files: MANY_FILES, mebibytes: 200 }, roundTripMs: 0, runs: 5, tar: false },
      { tree: { files: 1, mebibytes: 1024 }, roundTripMs: 0, runs: 2, tar: false },
    ],
  },
  async run(settings, notebook) {
    for (const setting of settings) await saveOnce(setting, notebook);
    notebook.note(
      'All save the same volume with warm caches, in turn, while the sidecar is halted. Its time runs from the line that says it saves to the one that says it has, after its list; its CPU includes the look that found the change.',
    );
  },
});

async function saveOnce({ tree, roundTripMs, runs, tar }: Setting, notebook: Notebook): Promise<void> {
  await using site = await Site.start({ roundTripMs });
  await site.server.init('ours', { encryption: 'none' });
  await using pod = await site.pod('ours', await bundle());
  const volume = pod.dataDir;
  const [path = ''] = await plant(volume, tree);
  // Retention would follow the save, and fall into its figures or not.
  await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt', PRUNE_FLAGS: 'none' });
  await pod.event('save.done', undefined, '10m');
  await pod.next('looked', ({ unsaved }) => unsaved === false, '10m');
  halt(pod);
  const ours: Contender = {
    who: 'the sidecar',
    work: async () => (await saveHalted(pod)).seconds,
  };
  const contenders = [ours, ...(await rivals(site, volume, tar))];
  const before = async () => await changeFile(join(volume, path), randomUUID());
  const courses = await race(site, contenders, { runs, before });
  resume(pod);
  const what = `save one of ${describe(tree)}, ${roundTripMs} ms`;
  for (const [who, course] of courses) notebook.runs(what, who, course);
  const [program, bare] = ['the sidecar', 'borg'].map((who) => courseOf(courses, who).seconds);
  const found = ratio(program ?? [], bare ?? []);
  if (tree.files >= MANY_FILES)
    notebook.atMost(`${what}: against borg create + list`, found, MOST_TIMES_BARE);
  else notebook.measured(what, 'the sidecar against borg', found);
  await pod.kill();
}

async function rivals(site: Site, volume: string, withTar: boolean): Promise<Contender[]> {
  const borg = await BareBorg.at(site, 'bare', { init: true, chunkerParams: 'fixed,65536' });
  const predecessor = new Predecessor(await BareBorg.at(site, 'predecessor', { init: true }));
  const [tar, rsync, restic] = await Promise.all([
    tarTo(site, 'saved'),
    rsyncTo(site, 'saved'),
    Restic.at(site, 'saved'),
  ]);
  const work = (who: string, run: () => Promise<unknown>): Contender => ({
    who,
    work: async () => void (await run()),
  });
  return [
    work('borg', async () => {
      await borg.create(volume);
      await borg.list(volume);
    }),
    work("the predecessor's cycle", () => predecessor.cycle(volume)),
    ...(withTar ? [work('tar | ssh | tar', () => tar.save(volume))] : []),
    work('rsync -a', () => rsync.save(volume)),
    work('restic', () => restic.save(volume)),
  ];
}
