import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pod } from '../../test/support/pod.ts';
import { faultOf } from '../audit.ts';
import { defineCase, type Notebook } from '../case.ts';
import { auditRecorder, createRecorder } from '../load/recorder.ts';
import { Writer } from '../load/writer.ts';
import { figure } from '../result.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';
import { usageOfTree } from '../usage.ts';

const MB = 1_000_000;
const FILE = 'home-assistant_v2.db';
const ROWS = 60;
const EVERY_SECONDS = 5;
const INTERVAL_SECONDS = 300;
const MOST_PERCENT_OF_WRITTEN = 1;
const MOST_MS_MORE = 100;

type Setting = { mebibytes: number; hours: number; faster: number };

export const chatty = defineCase<Setting>({
  name: 'chatty',
  title: `A chatty hour: ${ROWS} rows each ${EVERY_SECONDS} s into a large database, as Home Assistant's recorder writes them`,
  sizes: {
    full: { mebibytes: 2_000, hours: 1, faster: 12 },
    soak: { mebibytes: 2_000, hours: 1, faster: 1 },
  },
  async run(setting, notebook) {
    const { mebibytes, hours, faster } = setting;
    const what = `${mebibytes} MiB, ${hours} h`;
    await using site = await Site.start();
    await site.server.init('ours', { encryption: 'none' });
    await using pod = await site.pod('ours', await bundle());
    const file = join(pod.dataDir, FILE);
    notebook.say('Making the database');
    {
      using database = new DatabaseSync(file);
      createRecorder(database, mebibytes);
    }
    const everyMs = (EVERY_SECONDS * 1_000) / faster;
    await using writer = await Writer.start({ file, kind: 'recorder', everyMs, rows: ROWS });
    const intervalSeconds = INTERVAL_SECONDS / faster;
    await pod.start({
      BACKUP_INTERVAL: `${intervalSeconds}s`,
      ON_NONEMPTY_VOLUME: 'adopt',
      PRUNE_FLAGS: 'none',
    });
    await pod.event('save.done', undefined, '10m');
    await hour({ site, pod, writer, what, seconds: (hours * 3_600) / faster, intervalSeconds }, notebook);
    const archives = pod.seen('save.done').map((line) => String(line.archive));
    await pod.kill();
    await checkAll(site, what, archives, notebook);
    if (faster > 1)
      notebook.note(
        `Time is compressed ${faster} times: a transaction each ${Math.round(everyMs)} ms, and BACKUP_INTERVAL ${intervalSeconds} s instead of ${INTERVAL_SECONDS} s, so the figures are those of ${hours} h; CPU and delays of a real one are spread ${faster} times as thin.`,
      );
  },
});

type Hour = {
  site: Site;
  pod: Pod;
  writer: Writer;
  what: string;
  seconds: number;
  intervalSeconds: number;
};

async function hour(
  { site, pod, writer, what, seconds, intervalSeconds }: Hour,
  notebook: Notebook,
): Promise<void> {
  await writer.progress();
  const before = { saves: pod.seen('save.done').length, written: usageOfTree(writer.pid).written };
  const { parts } = await site.watch(pod.pid, () => pause(seconds * 1_000));
  const saves = pod.seen('save.done').length - before.saves;
  const written = usageOfTree(writer.pid).written - before.written;
  const { tookMs } = await writer.progress();
  const took = figure('ms', ...tookMs);
  const cpu = figure('CPU s', parts.clientCpu + parts.serverCpu);
  notebook.measured(`${what}: ${saves} saves`, 'the sidecar', cpu, parts);
  notebook.measured(`${what}: written`, 'the application', figure('MB', written / MB));
  notebook.measured(`${what}: its transactions`, 'the application', took);
  const due = Math.floor(seconds / intervalSeconds);
  notebook.all(`${what}: saved each BACKUP_INTERVAL (one may be under way)`, Math.min(due, saves + 1), due);
  notebook.atMost(
    `${what}: written on the node, of what the application writes`,
    figure('%', (100 * parts.nodeWritten) / written),
    MOST_PERCENT_OF_WRITTEN,
  );
  notebook.atMost(
    `${what}: the slowest transaction, above the middle one`,
    figure('ms', took.highest - took.median),
    MOST_MS_MORE,
  );
}

async function checkAll(site: Site, what: string, archives: string[], notebook: Notebook): Promise<void> {
  let intact = 0;
  let rows = 0;
  for (const archive of archives) {
    notebook.say(`Checking ${archive}`);
    const fault = await faultOf(site, { set: 'ours', archive, file: FILE }, (database) => {
      const found = auditRecorder(database);
      if (found < rows) throw new Error(`${found} rows, after ${rows} in the archive before`);
      rows = found;
    });
    if (fault === undefined) intact += 1;
    else notebook.say(`${archive}: ${fault}`);
  }
  notebook.all(`${what}: archives that are intact`, intact, archives.length);
}
