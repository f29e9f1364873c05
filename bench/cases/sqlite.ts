import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pod } from '../../test/support/pod.ts';
import { faultOf } from '../audit.ts';
import { defineCase, type Notebook } from '../case.ts';
import { audit, createLedger, type JournalMode } from '../load/ledger.ts';
import { Writer } from '../load/writer.ts';
import { AT_ONCE, nextSave } from '../ours.ts';
import { figure } from '../result.ts';
import { BareBorg } from '../rivals/borg.ts';
import { bundle } from '../sidecar.ts';
import { Site } from '../site.ts';

const FILE = 'app.db';
const TRANSACTIONS_PER_SECOND = 50;
const LOAD = { kind: 'ledger', everyMs: 1_000 / TRANSACTIONS_PER_SECOND, rows: 1 } as const;
const MOST_MS_MORE = 100;

type Setting = {
  archives: number;
  bareArchives: number;
  mebibytes: number;
  /** For the application's own slowest transaction. */
  aloneMs: number;
};

export const sqlite = defineCase<Setting>({
  name: 'sqlite',
  title: `Archives of a SQLite database under ${TRANSACTIONS_PER_SECOND} transactions a second`,
  sizes: {
    quick: { archives: 2, bareArchives: 2, mebibytes: 10, aloneMs: 2_000 },
    full: { archives: 100, bareArchives: 10, mebibytes: 60, aloneMs: 10_000 },
    soak: { archives: 1_000, bareArchives: 10, mebibytes: 60, aloneMs: 10_000 },
  },
  async run(setting, notebook) {
    for (const mode of ['wal', 'delete'] as const) await inMode(mode, setting, notebook);
    notebook.note(
      'Each archive is restored, has to pass integrity_check, and has to hold exactly the transactions up to one that was the newest at some moment between the end of the save before the last and its own end.',
    );
  },
});

async function inMode(mode: JournalMode, setting: Setting, notebook: Notebook): Promise<void> {
  const { archives, bareArchives, mebibytes, aloneMs } = setting;
  const what = `${mode === 'wal' ? 'write-ahead log' : 'rollback journal'}, ${mebibytes} MiB`;
  await using site = await Site.start();
  await site.server.init('ours', { encryption: 'none' });
  await using pod = await site.pod('ours', await bundle());
  const file = join(pod.dataDir, FILE);
  {
    using database = new DatabaseSync(file);
    createLedger(database, mode, mebibytes);
  }
  await using writer = await Writer.start({ file, ...LOAD });
  await pause(aloneMs);
  const alone = await writer.progress();

  const bare = await withBorg({ site, pod, writer, what, archives: bareArchives });
  notebook.atMost(
    `${what}: plain borg create, archives that are intact (fewer than all: the check can fail)`,
    figure('of', bare),
    bareArchives - 1,
    `fewer than ${bareArchives}`,
  );
  await writer.progress();
  const ours = await withSidecar({ site, pod, writer, what, archives }, notebook);
  notebook.all(`${what}: archives that hold a state that existed`, ours.intact, archives);
  const delay = figure('ms', Math.max(...ours.tookMs) - Math.max(...alone.tookMs));
  notebook.measured(`${what}: its transactions, alone`, 'the application', figure('ms', ...alone.tookMs));
  notebook.measured(`${what}: its transactions, saved`, 'the application', figure('ms', ...ours.tookMs));
  const slowest = `${what}: the slowest transaction, above the slowest without us`;
  if (mode === 'wal') notebook.atMost(slowest, delay, MOST_MS_MORE);
  else notebook.measured(slowest, 'the application', delay);
}

type Round = { site: Site; pod: Pod; writer: Writer; what: string; archives: number };

async function withBorg({ site, pod, writer, archives }: Round): Promise<number> {
  const set = 'bare';
  const borg = await BareBorg.at(site, set, { init: true, chunkerParams: 'fixed,65536' });
  let intact = 0;
  for (let count = 0; count < archives; count += 1) {
    const before = await writer.progress();
    const archive = await borg.create(pod.dataDir);
    const after = await writer.progress();
    const fault = await faultOf(site, { set, archive, file: FILE }, auditWithin(before.number, after.number));
    if (fault === undefined) intact += 1;
  }
  return intact;
}

async function withSidecar({ site, pod, writer, what, archives }: Round, notebook: Notebook) {
  // Each archive is to be looked at before retention may take it away.
  await pod.start({ ...AT_ONCE, ON_NONEMPTY_VOLUME: 'adopt', PRUNE_FLAGS: 'none' });
  const tookMs: number[] = [];
  // What was committed after each save. A save may begin the moment the one before ends, hence the last but one.
  const committed = [(await writer.progress()).number];
  await pod.event('save.done', undefined, '5m');
  let intact = 0;
  let faults = 0;
  for (let count = 1; count <= archives; count += 1) {
    const { done } = await nextSave(pod, '5m');
    const after = await writer.progress();
    tookMs.push(...after.tookMs);
    const judge = auditWithin(committed.at(-2) ?? 0, after.number);
    committed.push(after.number);
    const archive = String(done.archive);
    const fault = await faultOf(site, { set: 'ours', archive, file: FILE }, judge);
    if (fault === undefined) intact += 1;
    else if (++faults <= 3) notebook.say(`${what}: ${archive}: ${fault}`);
    if (count % 25 === 0) notebook.say(`${what}: ${intact} of ${count} archives`);
  }
  await pod.kill();
  return { intact, tookMs };
}

/** Whether the newest transaction was the newest at some moment of a time. */
function auditWithin(from: number, to: number): (database: DatabaseSync) => void {
  return (database) => {
    const number = audit(database);
    if (number < from || number > to)
      throw new Error(`holds transaction ${number}, but ${from} to ${to} were the newest while it was made`);
  };
}
