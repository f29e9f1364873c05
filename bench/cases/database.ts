import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { TemporaryDirectory } from '../../test/support/temporary.ts';
import { defineCase, type Notebook } from '../case.ts';
import { createRecorder } from '../load/recorder.ts';
import { Writer } from '../load/writer.ts';
import { figure } from '../result.ts';
import { Litestream } from '../rivals/litestream.ts';
import { buildLitestream } from '../setup.ts';
import { bundle } from '../sidecar.ts';
import { Site, type Taken } from '../site.ts';
import { usageOfTree } from '../usage.ts';

/** Ten transactions a second, of five rows. */
const LOAD = { kind: 'recorder', everyMs: 100, rows: 5 } as const;
const MB = 1_000_000;

type Setting = { mebibytes: number; roundTripMs: number; seconds: number; intervalSeconds: number };

export const database = defineCase<Setting>({
  name: 'database',
  title: 'A SQLite database under writes: the sidecar and litestream',
  sizes: {
    full: { mebibytes: 200, roundTripMs: 0, seconds: 90, intervalSeconds: 30 },
  },
  async run(setting, notebook) {
    await alone(setting, notebook);
    await withSidecar(setting, notebook);
    const { path, missing } = await buildLitestream((line) => notebook.say(line));
    if (path === undefined) notebook.note(`litestream could not be measured: ${missing}.`);
    else await withLitestream(setting, path, notebook);
    notebook.note(
      `litestream sends each second what the log got, and keeps that database only; the sidecar saved the whole volume each ${setting.intervalSeconds} s. Both are measured over the same time under the same writes; all of ssh stands with the client or the server.`,
    );
  },
});

async function alone(setting: Setting, notebook: Notebook): Promise<void> {
  await using directory = await TemporaryDirectory.make('alone');
  const file = makeDatabase(directory.path, setting);
  await using writer = await Writer.start({ file, ...LOAD });
  const before = usageOfTree(writer.pid).written;
  await writer.progress();
  await pause(Math.min(30, setting.seconds) * 1_000);
  const { tookMs } = await writer.progress();
  notebook.measured('its transactions, alone', 'the application', figure('ms', ...tookMs));
  const written = (usageOfTree(writer.pid).written - before) / MB;
  notebook.measured('written by the application in that time', 'the application', figure('MB', written));
}

async function withSidecar(setting: Setting, notebook: Notebook): Promise<void> {
  await using site = await Site.start(setting);
  await site.server.init('ours', { encryption: 'none' });
  await using pod = await site.pod('ours', await bundle());
  await using writer = await Writer.start({ file: makeDatabase(pod.dataDir, setting), ...LOAD });
  await pod.start({ BACKUP_INTERVAL: `${setting.intervalSeconds}s`, ON_NONEMPTY_VOLUME: 'adopt' });
  await pod.event('save.done', undefined, '10m');
  await tell(notebook, 'the sidecar', writer, () =>
    site.watch(pod.pid, () => pause(setting.seconds * 1_000)),
  );
  await pod.kill();
}

async function withLitestream(setting: Setting, program: string, notebook: Notebook): Promise<void> {
  await using site = await Site.start(setting);
  const file = makeDatabase(site.directory, setting);
  await using writer = await Writer.start({ file, ...LOAD });
  await using litestream = await Litestream.start(site, { program, file });
  await tell(notebook, 'litestream', writer, () =>
    site.watch(litestream.pid, () => pause(setting.seconds * 1_000)),
  );
}

async function tell(
  notebook: Notebook,
  who: string,
  writer: Writer,
  watch: () => Promise<Taken<void>>,
): Promise<void> {
  await writer.progress();
  const { seconds, parts } = await watch();
  const { tookMs } = await writer.progress();
  const cpu = parts.clientCpu + parts.serverCpu;
  notebook.measured(`${Math.round(seconds)} s under writes`, who, figure('CPU s', cpu), parts);
  notebook.measured('its transactions meanwhile', who, figure('ms', ...tookMs));
}

function makeDatabase(directory: string, { mebibytes }: Setting): string {
  const file = join(directory, 'history.db');
  using made = new DatabaseSync(file);
  createRecorder(made, mebibytes);
  return file;
}
