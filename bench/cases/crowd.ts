import { fillVolume } from '../../test/support/volume.ts';
import { defineCase } from '../case.ts';
import { figure } from '../result.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';

/** OpenSSH's default: from ten connections that have not logged in yet it drops three of ten, from a hundred all. */
const MAX_STARTUPS = '10:30:100';
const MIB = 1024 * 1024;

type Setting = { pods: number };

export const crowd = defineCase<Setting>({
  name: 'crowd',
  title: 'Many sidecars start at once against one sshd with its default MaxStartups',
  sizes: { quick: { pods: 5 }, full: { pods: 50 } },
  async run({ pods }, notebook) {
    await using site = await Site.start({ maxStartups: MAX_STARTUPS });
    await using all = new AsyncDisposableStack();
    const program = await bundle();
    const made = [];
    for (let index = 1; index <= pods; index += 1) {
      const set = `crowd-${index}`;
      await site.server.init(set, { encryption: 'none' });
      const pod = all.use(await site.pod(set, program));
      await fillVolume(pod.dataDir, { files: 3, bytes: MIB, seed: set });
      made.push(pod);
    }
    const began = performance.now();
    const ready = await Promise.all(
      made.map(async (pod) => {
        await pod.start({ ON_NONEMPTY_VOLUME: 'adopt', LOG_LEVEL: 'info' });
        await pod.event('gate.opened', undefined, '10m');
        return (performance.now() - began) / 1_000;
      }),
    );
    notebook.measured(`${pods} at once`, 'the sidecar', figure('s', ...ready));
    notebook.all(`${pods} at once: still running when all are ready`, made.filter(runs).length, pods);
    const tries = made.map((pod) => pod.seen('failure').length).reduce((sum, count) => sum + count, 0);
    notebook.note(
      `${tries} attempts failed and were made again; ${site.line.traffic.connections} connections in all.`,
    );
  },
});

function runs({ container }: { container: { running: boolean } }): boolean {
  return container.running;
}
