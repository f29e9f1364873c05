import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pod } from '../../test/support/pod.ts';
import { changeFile } from '../../test/support/volume.ts';
import { defineCase, type Notebook } from '../case.ts';
import { describe, plant, type Tree } from '../load/tree.ts';
import { halt, resume } from '../ours.ts';
import { figure } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { CYCLE_SECONDS, Predecessor } from '../rivals/predecessor.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';
import { usageOfTree } from '../usage.ts';

const MOST_PERCENT_OF_CORE = 1;
const MOST_OF_PREDECESSOR = 1 / 20;

type Setting = { tree: Tree; seconds: number; cycles: number; noticedWithinSeconds: number; changes: number };

const small = { tree: { files: 5_000, mebibytes: 50 }, noticedWithinSeconds: 5 };

export const idle = defineCase<readonly Setting[]>({
  name: 'idle',
  title: 'Nothing changes',
  sizes: {
    quick: [{ ...small, tree: { files: 2_000, mebibytes: 20 }, seconds: 10, cycles: 1, changes: 1 }],
    full: [
      { ...small, seconds: 60, cycles: 2, changes: 3 },
      {
        tree: { files: 50_000, mebibytes: 200 },
        seconds: 600,
        cycles: 2,
        noticedWithinSeconds: 75,
        changes: 1,
      },
    ],
  },
  async run(settings, notebook) {
    for (const setting of settings) await idleOnce(setting, notebook);
    notebook.note(
      `The predecessor creates and prunes each ${CYCLE_SECONDS} s whether anything has changed or not; its figure is that cycle's CPU, client, ssh and server together. A cycle of the sidecar is one look at the volume.`,
    );
  },
});

async function idleOnce(setting: Setting, notebook: Notebook): Promise<void> {
  const { tree, seconds, cycles } = setting;
  const what = describe(tree);
  await using site = await Site.start();
  await site.server.init('ours', { encryption: 'none' });
  await using pod = await site.pod('ours', await bundle());
  const [path = ''] = await plant(pod.dataDir, tree);
  await pod.start({ ON_NONEMPTY_VOLUME: 'adopt', BACKUP_QUIET_PERIOD: '0s', BACKUP_MIN_INTERVAL: '0s' });
  await pod.event('save.done', undefined, '10m');
  await pod.next('looked', ({ unsaved }) => unsaved === false, '10m');

  const found = await rest(site, pod, seconds);
  const parts = { clientCpu: found.cpu, nodeWritten: found.written, connections: found.connections };
  notebook.measured(`${what}: ${seconds} s of rest`, 'the sidecar', figure('CPU s', found.cpu), {
    ...{ sshCpu: 0, serverCpu: 0, serverWritten: 0, sent: 0, received: 0 },
    ...parts,
  });
  notebook.atMost(
    `${what}: at rest, of a core, over ${seconds} s`,
    figure('%', (100 * found.cpu) / found.seconds),
    MOST_PERCENT_OF_CORE,
  );
  notebook.never(`${what}: connections in ${seconds} s of rest`, figure('of', found.connections), 0, 'none');

  halt(pod);
  const restSeconds = found.seconds / Math.max(1, found.looks);
  const theirs = await predecessorsCycles(site, pod.dataDir, { cycles, restSeconds, what, notebook });
  resume(pod);
  const perLook = figure('×', found.cpu / Math.max(1, found.looks) / theirs);
  notebook.atMost(
    `${what}: a cycle without a change, against the predecessor's`,
    perLook,
    MOST_OF_PREDECESSOR,
  );
  const perHour = (found.cpu / found.seconds) * CYCLE_SECONDS;
  notebook.note(
    `${what}: in ${CYCLE_SECONDS} s the sidecar's looks take ${perHour.toFixed(2)} CPU s, the predecessor's cycle ${theirs.toFixed(2)}; the sidecar looks more often (${found.looks} times in ${seconds} s), and saves soon after a change.`,
  );
  await notice(pod, join(pod.dataDir, path), { ...setting, what, notebook });
  await pod.kill();
}

/** What the sidecar takes while nothing happens, and how often it looked. */
async function rest(site: Site, pod: Pod, seconds: number) {
  const looks = () => pod.seen('looked').length;
  const connections = () => site.line.traffic.connections;
  const before = { ...usageOfTree(pod.pid), looks: looks(), connections: connections() };
  const began = performance.now();
  await pause(seconds * 1_000);
  const after = usageOfTree(pod.pid);
  return {
    seconds: (performance.now() - began) / 1_000,
    cpu: after.cpu - before.cpu,
    written: after.written - before.written,
    looks: looks() - before.looks,
    connections: connections() - before.connections,
  };
}

type Theirs = { cycles: number; restSeconds: number; what: string; notebook: Notebook };

/** The CPU of one of its cycles in which nothing had changed, each after as long a rest as the sidecar's looks have. */
async function predecessorsCycles(
  site: Site,
  volume: string,
  { cycles, restSeconds, what, notebook }: Theirs,
) {
  const predecessor = new Predecessor(await BareBorg.at(site, 'predecessor', { init: true }));
  // The first saves everything, and the cache of files trusts only what is older than the newest file it saw.
  for (let warm = 0; warm < 2; warm += 1) await predecessor.cycle(volume);
  const taken = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await pause(restSeconds * 1_000);
    taken.push(await site.take(() => predecessor.cycle(volume)));
  }
  const cpu = taken.map(({ parts }) => parts.clientCpu + parts.sshCpu + parts.serverCpu);
  const found = figure('CPU s', ...cpu);
  notebook.measured(`${what}: a cycle without a change`, 'the predecessor', found, taken[0]?.parts);
  return found.median;
}

/** From a change to the save's first line: with no quiet period that is how long it took to be seen. */
async function notice(
  pod: Pod,
  path: string,
  { what, changes, noticedWithinSeconds, notebook }: Setting & { what: string; notebook: Notebook },
): Promise<void> {
  const seconds: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    await pod.next('looked', ({ unsaved }) => unsaved === false, '10m');
    const saved = pod.next('save.done', undefined, '10m');
    const began = performance.now();
    await changeFile(path, randomUUID());
    await pod.next('looked', ({ unsaved }) => unsaved === true, '10m');
    seconds.push((performance.now() - began) / 1_000);
    await saved;
  }
  notebook.never(`${what}: a change is noticed`, figure('s', ...seconds), noticedWithinSeconds);
}
