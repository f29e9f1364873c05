import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../test/support/pod.ts';
import { descendants } from '../../test/support/processes.ts';
import { changeFile } from '../../test/support/volume.ts';
import { defineCase, type Notebook } from '../case.ts';
import { describe, plant, type Tree } from '../load/tree.ts';
import { AT_ONCE, nextSave } from '../ours.ts';
import { figure } from '../result.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';
import { HighWater } from '../sizes.ts';

const MIB = 1024 * 1024;
const MOST_RSS = 80;
const MOST_ANONYMOUS = 30;
const MOST_MORE_WHILE_SAVING = 25;
const LOOKS = 5;
/** Short enough to see the height of a save, long enough to cost little. */
const SAMPLE_EVERY_MS = 20;

type Setting = { tree: Tree; saves: number };
type Held = { rss: number; anonymous: number; descriptors: number; children: number };

export const memory = defineCase<readonly Setting[]>({
  name: 'memory',
  title: 'Memory, descriptors and children, at rest and while saving',
  sizes: {
    quick: [{ tree: { files: 1_000, mebibytes: 10 }, saves: 3 }],
    full: [
      { tree: { files: 5_000, mebibytes: 50 }, saves: 30 },
      { tree: { files: 50_000, mebibytes: 200 }, saves: 2 },
    ],
    soak: [
      { tree: { files: 200, mebibytes: 10 }, saves: 1_000 },
      { tree: { files: 500_000, mebibytes: 500 }, saves: 2 },
    ],
  },
  async run(settings, notebook) {
    for (const setting of settings) await memoryOnce(setting, notebook);
    notebook.note(
      'Resident and anonymous memory of the program itself; Borg is a process of its own beside it while it saves. What a save holds is the highest of the samples while it ran, less what was held before it.',
    );
  },
});

async function memoryOnce({ tree, saves }: Setting, notebook: Notebook): Promise<void> {
  await using site = await Site.start();
  await site.server.init('ours', { encryption: 'none' });
  await using pod = await site.pod('ours', await bundle());
  const [path = ''] = await plant(pod.dataDir, tree);
  await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt', LOG_LEVEL: 'debug' });
  await pod.event('save.done', undefined, '30m');
  const first = await atRest(pod);
  const heights: number[] = [];
  for (let saved = 1; saved <= saves; saved += 1) {
    const before = pod.memory().rss;
    using height = new HighWater(() => residentOf(pod.pid), SAMPLE_EVERY_MS);
    const done = nextSave(pod);
    await changeFile(join(pod.dataDir, path), randomUUID());
    await done;
    heights.push((height.take() - before) / MIB);
    if (saved % 100 === 0) notebook.say(`${saved} of ${saves} saves`);
  }
  const last = await atRest(pod);
  await pod.kill();
  judge({ what: describe(tree), saves, first, last, heights }, notebook);
}

type Found = { what: string; saves: number; first: Held; last: Held; heights: number[] };

function judge({ what, saves, first, last, heights }: Found, notebook: Notebook): void {
  const resident = figure('MiB', last.rss / MIB);
  const anonymous = figure('MiB', last.anonymous / MIB);
  notebook.measured(`${what}, at rest after 1 save, resident`, 'the sidecar', figure('MiB', first.rss / MIB));
  notebook.atMost(`${what}: at rest after ${saves} saves, resident`, resident, MOST_RSS);
  notebook.atMost(`${what}: at rest after ${saves} saves, anonymous`, anonymous, MOST_ANONYMOUS);
  notebook.never(`${what}: held by a save beside Borg`, figure('MiB', ...heights), MOST_MORE_WHILE_SAVING);
  const more = (name: 'descriptors' | 'children') => figure('of', last[name] - first[name]);
  notebook.never(`${what}: file descriptors more after ${saves} saves`, more('descriptors'), 0, 'none');
  notebook.never(`${what}: child processes more after ${saves} saves`, more('children'), 0, 'none');
}

/** After some looks that found nothing, when the garbage of a save may be gone. */
async function atRest(pod: Pod): Promise<Held> {
  for (let look = 0; look < LOOKS; look += 1)
    await pod.next('looked', ({ unsaved }) => unsaved === false, '10m');
  return {
    ...pod.memory(),
    descriptors: readdirSync(`/proc/${pod.pid}/fd`).length,
    children: descendants(pod.pid).length,
  };
}

function residentOf(process: number): number {
  const status = readFileSync(`/proc/${process}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
