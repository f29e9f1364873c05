import { BorgServer } from '../test/support/borg-server.ts';
import { Pod } from '../test/support/pod.ts';
import { fillVolume } from '../test/support/volume.ts';
import { report, show, spread } from './report.ts';
import { bundle } from './sidecar.ts';

const MIB = 1024 * 1024;
const MOST_RSS_MIB = 80;
const MOST_ANONYMOUS_MIB = 30;
const FILES = 5_000;
const LOOKS = 5;

/** Memory of a sidecar that has saved once and then finds nothing changed. */
export async function benchIdle(runs: number): Promise<void> {
  const figures: { rss: number; anonymous: number }[] = [];
  await using server = await BorgServer.start();
  for (let run = 1; run <= runs; run += 1) {
    const set = `idle-${run}`;
    await server.init(set, { encryption: 'none' });
    await using pod = await Pod.create({ server, set, ...(await bundle()) });
    await fillVolume(pod.dataDir, { files: FILES, bytes: 50 * MIB });
    await pod.start({ ON_NONEMPTY_VOLUME: 'adopt', BACKUP_INTERVAL: '1s' });
    await pod.event('save.done');
    for (let look = 0; look < LOOKS; look += 1) {
      await pod.next('looked');
    }
    figures.push(pod.memory());
    await pod.terminate();
  }
  const of = (kind: 'rss' | 'anonymous') => spread(figures.map((figure) => figure[kind] / MIB));
  const what = `idle memory after ${LOOKS} looks at ${FILES} files, ${runs} runs`;
  report(
    `${what}, resident`,
    show(of('rss'), ' MiB'),
    `${MOST_RSS_MIB} MiB`,
    of('rss').median <= MOST_RSS_MIB,
  );
  const anonymous = of('anonymous');
  report(
    `${what}, anonymous`,
    show(anonymous, ' MiB'),
    `${MOST_ANONYMOUS_MIB} MiB`,
    anonymous.median <= MOST_ANONYMOUS_MIB,
  );
}
