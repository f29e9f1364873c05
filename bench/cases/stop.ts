import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Pod } from '../../test/support/pod.ts';
import { changeFile } from '../../test/support/volume.ts';
import { defineCase } from '../case.ts';
import { type Contender, courseOf, race } from '../contenders.ts';
import { describe, plant, type Tree } from '../load/tree.ts';
import { AT_ONCE } from '../ours.ts';
import { figure } from '../result.ts';
import { BareBorg, smallVolume } from '../rivals/borg.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';

const MOST_SECONDS_MORE = 0.5;

type Setting = { tree: Tree; runs: number };

export const stop = defineCase<Setting>({
  name: 'stop',
  title: 'From SIGTERM to exit',
  sizes: {
    quick: { tree: { files: 100, mebibytes: 5 }, runs: 1 },
    full: { tree: { files: 5_000, mebibytes: 50 }, runs: 5 },
  },
  async run({ tree, runs }, notebook) {
    await using site = await Site.start();
    await site.server.init('ours', { encryption: 'none' });
    await using pod = await site.pod('ours', await bundle());
    const [path = ''] = await plant(pod.dataDir, tree);
    const change = async () => await changeFile(join(pod.dataDir, path), randomUUID());
    const small = await smallVolume(site);
    const least = await BareBorg.at(site, 'least', { init: true });
    const bare = await BareBorg.at(site, 'bare', { init: true, chunkerParams: 'fixed,65536' });
    await bare.create(pod.dataDir);
    const contenders: Contender[] = [
      { who: 'borg create of a small file', work: async () => void (await least.create(small)) },
      { who: 'the sidecar, nothing changed', work: () => stopped(pod, async () => undefined) },
      { who: 'the sidecar, one file changed', work: () => stopped(pod, change) },
      {
        who: 'borg create + list',
        work: async () => {
          await bare.create(pod.dataDir);
          await bare.list(small);
        },
      },
    ];
    const courses = await race(site, contenders, { runs });
    const seconds = (who: string) => courseOf(courses, who).seconds;
    for (const { who } of contenders)
      notebook.measured(`SIGTERM to exit, ${describe(tree)}`, who, figure('s', ...seconds(who)));
    const beyond = (ours: string, theirs: string) =>
      figure('s', ...seconds(ours).map((taken, run) => taken - (seconds(theirs)[run] ?? Number.NaN)));
    notebook.atMost(
      'SIGTERM to exit, nothing changed, beyond a bare borg create of one small file',
      beyond('the sidecar, nothing changed', 'borg create of a small file'),
      MOST_SECONDS_MORE,
    );
    notebook.atMost(
      'SIGTERM to exit, one changed file, beyond bare borg create + list',
      beyond('the sidecar, one file changed', 'borg create + list'),
      MOST_SECONDS_MORE,
    );
  },
});

/** Starts, saves what there is, lets the change happen, and ends: only the end counts. */
async function stopped(pod: Pod, change: () => Promise<void>): Promise<number> {
  await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt' });
  await pod.event('save.done', undefined, '10m');
  await pod.next('looked', ({ unsaved }) => unsaved === false, '10m');
  // The next look is a second away: nothing is under way, and the change is seen at the end only.
  await change();
  const began = performance.now();
  await pod.terminate('10m');
  return (performance.now() - began) / 1_000;
}
