import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { dataNames, recordsOf, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { heldLock } from '../../support/held-lock.ts';
import { noise } from '../../support/noise.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import { freePort } from '../../support/port.ts';
import { endsClean, put, quickMain, quickPod, savedBy } from '../../support/quick-pod.ts';
import { Tmpfs } from '../../support/tmpfs.ts';

const server = await BorgServer.start();
const narrow = await BorgServer.start({ maxStartups: '1:100:1' });
after(() => Promise.all([server, narrow].map((each) => each[Symbol.asyncDispose]())));

const root = process.getuid?.() === 0 ? {} : { skip: 'only root can mount a small disk' };

interface Trouble extends AsyncDisposable {
  readonly env?: Environment;
}

interface Row {
  readonly title: string;
  readonly reason: string;
  readonly says: readonly string[];
  readonly server?: BorgServer;
  /** Makes the trouble; its disposal ends it. */
  readonly begin: (set: string) => Promise<Trouble>;
  /** Nobody can end it. */
  readonly forEver?: boolean;
}

const elsewhere = (host: string, port: number): Environment => ({
  REPO_BASE: `ssh://somebody@${host}:${port}/repositories`,
});

/** A connection that never says who it is, which is one too many for the next. */
async function intruder(): Promise<Trouble> {
  const socket = connect(narrow.port, narrow.host);
  await once(socket, 'data');
  return {
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await once(socket, 'close');
    },
  };
}

const endless = (env: Environment) => async (): Promise<Trouble> => ({
  env,
  async [Symbol.asyncDispose]() {},
});

const rows: Row[] = [
  {
    title: 'a server that refuses the connection',
    reason: 'unreachable',
    says: ['somebody@127.0.0.1', 'Connection refused', 'check REPO_BASE'],
    begin: endless(elsewhere('127.0.0.1', await freePort())),
    forEver: true,
  },
  {
    title: 'a host name that nobody knows',
    reason: 'unreachable',
    says: ['somebody@no-such-host.invalid, port 22', 'Could not resolve hostname', 'check REPO_BASE'],
    begin: endless(elsewhere('no-such-host.invalid', 22)),
    forEver: true,
  },
  {
    title: 'a server with too many at its door',
    reason: 'unreachable',
    server: narrow,
    says: [`${narrow.user}@127.0.0.1, port ${narrow.port}`],
    begin: intruder,
  },
  {
    title: 'a lock that another borg holds',
    reason: 'locked',
    says: ['is locked by another borg', 'until the lock is gone'],
    begin: (set) => heldLock(server, set),
  },
  {
    title: 'a server that says what this program does not know',
    reason: 'unreachable',
    says: ["can't be reached", 'quota is too small'],
    async begin() {
      await server.authorize(server.publicKey, 'restrict,command="borg serve --storage-quota 10"');
      return { [Symbol.asyncDispose]: () => server.authorize(server.publicKey) };
    },
  },
];

/** Told once as it is, and waited out. */
async function waits(pod: Pod, { reason, says }: Row): Promise<void> {
  const failure = await pod.event('failure', (line) => line.reason === reason);
  assert.equal(failure.class, 'transient');
  assert.equal(failure.level, 'warn');
  for (const words of says) assert.ok(failure.msg?.includes(words), `"${words}" is missing: ${failure.msg}`);
  await pod.event('state', ({ state }) => state === 'waiting');
  // It is tried more than once, and stays in the container.
  await pod.next('failure');
  assert.equal((await pod.get('/startup')).status, 503);
  assert.equal((await pod.get('/live')).status, 200);
  const status = await pod.status<{ ready: boolean; failure: { reason: string } }>();
  assert.equal(status.ready, false);
  assert.equal(status.failure.reason, reason);
}

describe('before the application may run, what may pass is waited out', () => {
  for (const [index, row] of rows.entries()) {
    test(row.title, async () => {
      const set = `waiting-${index}`;
      const at = row.server ?? server;
      await at.init(set);
      await using pod = await quickPod({ set, server: at, entry: quickMain });
      const trouble = await row.begin(set);
      try {
        await pod.start(trouble.env);
        await waits(pod, row);
      } finally {
        await trouble[Symbol.asyncDispose]();
      }
      if (!row.forEver) await pod.event('gate.opened');
      await endsClean(pod, set);
      assert.deepEqual(await dataNames(at, set), []);
      // Who has never been told what there is has begun nothing.
      assert.deepEqual(await recordsOf(at, set), row.forEver ? [] : ['claim', 'close closing final']);
    });
  }
});

/** As an administrator does it. A quota below 10 MB is one that borg itself refuses. */
async function setQuota(set: string, quota: string): Promise<void> {
  const config = join(server.repository(set), 'config');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/^storage_quota = .*$/m, `storage_quota = ${quota}`));
}

test('a quota that is used up is named while the application runs, and raised, the change is saved', async () => {
  const set = 'quota';
  await server.init(set);
  await using pod = await quickPod({ set, server, entry: quickMain });
  await pod.start();
  await pod.event('gate.opened');
  await setQuota(set, '10K');
  await writeFile(join(pod.dataDir, `${set}-file`), noise('quota', 50_000));
  const failure = await pod.event('failure');
  assert.equal(failure.reason, 'quota');
  assert.equal(failure.class, 'person');
  assert.match(failure.msg ?? '', /quota of ssh:.*\/quota is used up \(.*10\.00 kB.*\): raise it/);
  assert.equal((await pod.get('/ready')).status, 200);
  await pod.next('failure');

  await setQuota(set, '0');
  await pod.event('save.done');
  await pod.event('recovered');
  assert.equal((await pod.status()).failure, undefined);
  await endsClean(pod, set);
  assert.deepEqual(await dataNames(server, set), savedBy(pod));
  assert.equal(savedBy(pod).length, 1);
});

test(
  "before the application may run, a server's full disk is named, and stops no restore",
  root,
  async () => {
    const set = 'full-before';
    await using disk = await Tmpfs.mount(server.repository(set), '2m');
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain });
    await writeFile(join(pod.tmpDir, `${set}-file`), 'archived');
    await seedArchive(server, { set, directory: pod.tmpDir, comment: { files: 1, bytes: 8 } });
    await disk.fill();
    await pod.start();
    await pod.event('gate.opened');
    assert.equal(await readFile(join(pod.dataDir, `${set}-file`), 'utf8'), 'archived');
    const { why, level } = await pod.event('unclaimed');
    assert.deepEqual({ why, level }, { why: 'full', level: 'error' });
    await put(pod, `${set}-file`, 'changed');
    const failure = await pod.event('failure', ({ activity }) => activity === 'claim');
    assert.deepEqual([failure.reason, failure.class], ['server-disk-full', 'person']);
    assert.match(
      failure.msg ?? '',
      /The server's disk with ssh:.*\/full-before is full .*: free space there/,
    );
    assert.equal((await pod.status<{ claimed: boolean }>()).claimed, false);
    assert.deepEqual([...pod.seen('claimed'), ...pod.seen('save.started')], []);

    await disk.free();
    assert.equal((await pod.event('claimed')).late, true);
    await pod.event('save.done');
    await endsClean(pod, set);
    assert.deepEqual(await dataNames(server, set), [`${set}-0000000001`, ...savedBy(pod)]);
    // On so small a disk borg may refuse to delete the claim and to make a close: neither matters.
  },
);

test(
  "a server's full disk is named while the application runs, and freed, the change is saved",
  root,
  async () => {
    const set = 'full-live';
    await using disk = await Tmpfs.mount(server.repository(set), '2m');
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain });
    await pod.start();
    await pod.event('gate.opened');
    await disk.fill();
    await appendFile(join(pod.dataDir, `${set}-file`), 'changed');
    const failure = await pod.event('failure');
    assert.equal(failure.reason, 'server-disk-full');
    assert.equal(failure.class, 'person');
    assert.equal((await pod.get('/ready')).status, 200);
    await pod.next('failure', ({ reason }) => reason === 'server-disk-full');

    await disk.free();
    await pod.event('save.done');
    await endsClean(pod, set);
    assert.deepEqual(await dataNames(server, set), savedBy(pod));
    assert.equal(savedBy(pod).length, 1);
  },
);
