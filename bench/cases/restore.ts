import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TemporaryDirectory } from '../../test/support/temporary.ts';
import { defineCase, type Notebook } from '../case.ts';
import { type Contender, courseOf, intoEmpty, race } from '../contenders.ts';
import { describe, plant, type Tree } from '../load/tree.ts';
import { figure, ratio } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { Restic } from '../rivals/restic.ts';
import { rsyncTo } from '../rivals/rsync.ts';
import { tarTo } from '../rivals/tar.ts';
import { bundle, bundleWithoutOrder, type Program } from '../sidecar.ts';
import { Site } from '../site.ts';

const MOST_TIMES_BARE = 1.1;
const MOST_SECONDS_MORE = 1.5;
const MOST_TIMES_BARE_EXTRACT = 1.05;
const SET = 'restored';
const ARCHIVE = `${SET}-0000000001`;

type Setting = {
  tree: Tree;
  roundTripMs: number;
  runs: number;
  /** Beside bare Borg. */
  rivals: boolean;
  /** What the place in the order may cost; without it that is not looked at. */
  mostSecondsOfOrder?: number;
};

const small = { tree: { files: 10, mebibytes: 1 }, mostSecondsOfOrder: 1 };
const large = { tree: { files: 5_000, mebibytes: 250 } };

export const restore = defineCase<readonly Setting[]>({
  name: 'restore',
  title: 'A pod starts: from the start of the sidecar to ready',
  sizes: {
    quick: [
      { ...small, roundTripMs: 0, runs: 1, rivals: true },
      { tree: small.tree, roundTripMs: 50, runs: 1, rivals: false },
    ],
    full: [
      { ...small, roundTripMs: 0, runs: 5, rivals: true },
      { ...small, roundTripMs: 50, runs: 3, rivals: true },
      { ...large, roundTripMs: 0, runs: 5, rivals: true, mostSecondsOfOrder: 0.3 },
      { ...large, roundTripMs: 50, runs: 2, rivals: true },
      { tree: { files: 50_000, mebibytes: 200 }, roundTripMs: 0, runs: 2, rivals: true },
      { tree: { files: 1, mebibytes: 1024 }, roundTripMs: 0, runs: 2, rivals: true },
    ],
  },
  async run(settings, notebook) {
    for (const setting of settings) await restoreOnce(setting, notebook);
    notebook.note(
      'CPU and bytes of the sidecar include its stop, and so two commands of Borg more than its time does. restic and rsync bring what they saved last, and know no order.',
    );
  },
});

async function restoreOnce(setting: Setting, notebook: Notebook): Promise<void> {
  await using site = await Site.start({ roundTripMs: setting.roundTripMs });
  const rivals = await prepare(site, setting);
  const extracts: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  const contenders: Contender[] = [
    await bare(site, extracts.bare),
    ours(site, 'the sidecar', await bundle(), extracts.ours),
    ...(setting.mostSecondsOfOrder === undefined ? [] : [await unordered(site)]),
    ...rivals,
  ];
  const what = `start to ready, ${describe(setting.tree)}, ${setting.roundTripMs} ms`;
  const courses = await race(site, contenders, { runs: setting.runs });
  for (const [who, course] of courses) notebook.runs(what, who, course);
  judge(setting, what, { courses, extracts, notebook });
}

type Found = {
  courses: Awaited<ReturnType<typeof race>>;
  extracts: { ours: number[]; bare: number[] };
  notebook: Notebook;
};

function judge(setting: Setting, what: string, { courses, extracts, notebook }: Found): void {
  const [program, hand] = ['the sidecar', 'borg'].map((who) => courseOf(courses, who).seconds);
  const beyond =
    program?.map((seconds, run) => seconds - MOST_TIMES_BARE * (hand?.[run] ?? Number.NaN)) ?? [];
  notebook.measured(what, 'the sidecar against borg', ratio(program ?? [], hand ?? []));
  notebook.atMost(
    `${what}, beyond ${MOST_TIMES_BARE} × borg list + extract`,
    figure('s', ...beyond),
    MOST_SECONDS_MORE,
  );
  // The round that warms up is not counted here either.
  const phases = ratio(extracts.ours.slice(1), extracts.bare.slice(1));
  if (setting.tree.files >= 1_000)
    notebook.atMost(`${what}: its extract against borg extract`, phases, MOST_TIMES_BARE_EXTRACT);
  if (setting.mostSecondsOfOrder === undefined) return;
  const without = courseOf(courses, 'the sidecar without order').seconds;
  const order = program?.map((seconds, run) => seconds - (without[run] ?? Number.NaN)) ?? [];
  notebook.atMost(
    `${what}: of which the order of archives`,
    figure('s', ...order),
    setting.mostSecondsOfOrder,
  );
}

/** The archive, made on the server as the sidecar would, and what the rivals have to restore. */
async function prepare(site: Site, { tree, rivals }: Setting): Promise<Contender[]> {
  await using directory = await TemporaryDirectory.make('volume');
  const cwd = join(directory.path, 'data');
  await mkdir(cwd);
  const { length: files } = await plant(cwd, tree);
  await site.server.init(SET, { encryption: 'none' });
  const bytes = tree.mebibytes * 1024 * 1024;
  const comment = `bvs1 set=${SET} kind=data seq=1 parent=0:- writer=0 try=0 files=${files} bytes=${bytes} chunker=fixed,65536`;
  const options = ['--comment', comment, '--chunker-params', 'fixed,65536'];
  await site.server.borg(['create', ...options, `::${ARCHIVE}`, '.'], { set: SET, cwd });
  if (!rivals) return [];
  const [tar, rsync, restic] = await Promise.all([
    tarTo(site, SET),
    rsyncTo(site, SET),
    Restic.at(site, SET),
  ]);
  for (const rival of [tar, rsync, restic]) await rival.save(cwd);
  return [
    { who: 'tar | ssh | tar', work: () => intoEmpty((path) => tar.restore(path)) },
    { who: 'rsync -a', work: () => intoEmpty((path) => rsync.restore(path)) },
    { who: 'restic', work: () => intoEmpty((path) => restic.restore(path)) },
  ];
}

async function bare(site: Site, extracts: number[]): Promise<Contender> {
  const borg = await BareBorg.at(site, SET);
  return {
    who: 'borg',
    work: () =>
      intoEmpty(async (path) => {
        await borg.list(path);
        const began = performance.now();
        await borg.extract(path, ARCHIVE);
        extracts.push((performance.now() - began) / 1_000);
      }),
  };
}

function ours(site: Site, who: string, program: Program, extracts: number[] = []): Contender {
  return {
    who,
    work: async () => {
      await using pod = await site.pod(SET, program);
      const began = performance.now();
      await pod.start({ LOG_LEVEL: 'info' });
      await pod.event('restore.started', undefined, '10m');
      const extracting = performance.now();
      await pod.event('restore.done', undefined, '10m');
      extracts.push((performance.now() - extracting) / 1_000);
      await pod.event('gate.opened', undefined, '10m');
      const seconds = (performance.now() - began) / 1_000;
      await pod.terminate('10m');
      return seconds;
    },
  };
}

async function unordered(site: Site): Promise<Contender> {
  return ours(site, 'the sidecar without order', await bundleWithoutOrder(site.directory));
}
