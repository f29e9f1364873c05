import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BorgServer } from '../test/support/borg-server.ts';
import { Pod } from '../test/support/pod.ts';
import { TemporaryDirectory } from '../test/support/temporary.ts';
import { fillVolume } from '../test/support/volume.ts';
import { restoreByHand } from './bare-borg.ts';
import { report, show, spread } from './report.ts';
import { bundle, bundleWithoutOrder, type Program } from './sidecar.ts';

const MIB = 1024 * 1024;
const MOST_TIMES_BARE = 1.1;
const MOST_SECONDS_MORE = 1.5;

const VOLUMES = [
  { set: 'small', files: 10, bytes: 1 * MIB, mostSecondsOfOrder: 1 },
  { set: 'large', files: 5_000, bytes: 250 * MIB, mostSecondsOfOrder: 0.3 },
];

/**
 * From the start of the sidecar's process to ready, against bare `borg list` and `borg extract`, and against the same
 * program without a place in the order, in turn.
 */
export async function benchRestore(runs: number): Promise<void> {
  await using server = await BorgServer.start();
  await using directory = await TemporaryDirectory.make('bench');
  const program = await bundle();
  const withoutOrder = await bundleWithoutOrder(directory.path);
  for (const { set, files, bytes, mostSecondsOfOrder } of VOLUMES) {
    await archive(server, { set, files, bytes });
    const pairs: { ours: number; bare: number; unordered: number }[] = [];
    // The first pair warms the disk's cache and is not counted.
    for (let run = 0; run <= runs; run += 1) {
      const bare = await restoreByHand(server, set, `${set}-0000000001`);
      const ours = await startPod(server, set, program);
      const unordered = await startPod(server, set, withoutOrder);
      if (run > 0) {
        pairs.push({ ours, bare, unordered });
      }
    }
    const ratio = spread(pairs.map(({ ours, bare }) => ours / bare));
    const beyond = spread(pairs.map(({ ours, bare }) => ours - MOST_TIMES_BARE * bare));
    const what = `start to ready, ${bytes / MIB} MB in ${files} files, ${runs} runs`;
    const times = `bare ${show(spread(pairs.map(({ bare }) => bare)), ' s')}, ours ${show(spread(pairs.map(({ ours }) => ours)), ' s')}`;
    const figure = `${show(ratio, ' ×')}, ${show(beyond, ' s')} beyond ${MOST_TIMES_BARE} ×; ${times}`;
    const within = beyond.median <= MOST_SECONDS_MORE;
    report(what, figure, `${MOST_TIMES_BARE} × plus ${MOST_SECONDS_MORE} s`, within);
    const order = spread(pairs.map(({ ours, unordered }) => ours - unordered));
    report(
      `of which the order of archives, ${runs} runs`,
      `${show(order, ' s')}; without it ${show(spread(pairs.map(({ unordered }) => unordered)), ' s')}`,
      `${mostSecondsOfOrder} s`,
      order.median <= mostSecondsOfOrder,
    );
  }
}

async function archive(
  server: BorgServer,
  volume: { set: string; files: number; bytes: number },
): Promise<void> {
  await using directory = await TemporaryDirectory.make('volume');
  const cwd = join(directory.path, 'data');
  await mkdir(cwd);
  await fillVolume(cwd, volume);
  await server.init(volume.set, { encryption: 'none' });
  const { set, files, bytes } = volume;
  const comment = `bvs1 set=${set} kind=data seq=1 parent=0:- writer=0 try=0 files=${files} bytes=${bytes} chunker=fixed,65536`;
  const name = `${set}-0000000001`;
  await server.borg(['create', '--comment', comment, '--chunker-params', 'fixed,65536', `::${name}`, '.'], {
    set,
    cwd,
  });
}

async function startPod(server: BorgServer, set: string, program: Program): Promise<number> {
  await using pod = await Pod.create({ server, set, ...program });
  const began = performance.now();
  await pod.start({ LOG_LEVEL: 'info' });
  await pod.event('gate.opened');
  const seconds = (performance.now() - began) / 1_000;
  await pod.terminate();
  return seconds;
}
