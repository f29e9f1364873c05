import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chown, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { execa } from 'execa';
import { commentsOf, dataNames, dataOf, extractByHand } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { Link } from '../../support/link.ts';
import { needsRoot } from '../../support/other-user.ts';
import { borg12 } from '../../support/paths.ts';
import { Pod, type PodOptions } from '../../support/pod.ts';
import { Predecessor, predecessorsManifest } from '../../support/predecessor.ts';
import { descendants } from '../../support/processes.ts';
import { endsClean, put, quickMain, savedBy, untilTidy } from '../../support/quick-pod.ts';
import { refusal } from '../../support/refusal.ts';
import { writeSecret } from '../../support/secret.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const { user: USER, passphrase: PASSPHRASE } = predecessorsManifest;
/** A loopback address of its own, whose port 22 nobody else listens on. */
const host = `127.77.${process.pid % 250}.${1 + ((process.pid >> 8) % 250)}`;
const asRoot = { skip: needsRoot };

// What many servers run: the Borg of Debian bookworm, on both ends of the predecessor.
const server = await BorgServer.start({
  borg: borg12,
  sshdOptions: needsRoot ? [] : [`ListenAddress ${host}:22`],
});
const scratch = await TemporaryDirectory.make('predecessor');
const predecessor = new Predecessor(server, scratch.path);
after(() => server[Symbol.asyncDispose]());
after(() => scratch[Symbol.asyncDispose]());

/** The pod of the predecessor's README: root, no securityContext, a Secret without known_hosts that root alone reads. */
async function predecessorPod(set: string, options: Partial<PodOptions> = {}): Promise<Pod> {
  const env = { USER_UID: String(USER), BORG_PASSPHRASE: PASSPHRASE, BACKUP_INTERVAL: '1s', ...options.env };
  const pod = await Pod.create({ set, server, entry: quickMain, ...options, env });
  const files = { 'ssh-privatekey': server.privateKey, 'ssh-publickey': `${server.publicKey}\n` };
  await writeSecret(pod.sshKeyDir, files);
  return pod;
}

function usersOf(pod: Pod): Set<string> {
  const pids = [pod.pid, ...descendants(pod.pid).map(({ pid }) => pid)];
  const uids = pids.map((pid) => /^Uid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return new Set(uids.flatMap((ids) => ids?.split('\t') ?? []));
}

test(
  'a pod of the predecessor goes on with the highest number, as its user, and leaves its archives alone',
  asRoot,
  async () => {
    const set = 'predecessor-drop-in';
    const old = ['1700000000', '1700000600', '1700000600-exit'];
    const data = await predecessor.saved(set, old);
    const before = await server.archives(set, PASSPHRASE);
    await using link = await Link.to(server.port);
    const env = { PRUNE_FLAGS: '--keep-last 1' };
    await using pod = await predecessorPod(set, { link, env });
    await pod.start();
    await pod.event('gate.opened');
    await readFile(pod.readyFile);
    assert.equal((await pod.event('restore.done')).archive, '1700000600-exit');
    assert.deepEqual(
      compare(await snapshot(data, { times: true }), await snapshot(pod.dataDir, { times: true })),
      [],
    );
    for (const path of [pod.dataDir, pod.readyFile]) assert.equal((await lstat(path)).uid, USER);

    assert.deepEqual(pod.seen('settings.warning'), []);
    const unchecked = await pod.event('ssh.unchecked');
    assert.equal(unchecked.level, 'warn');
    assert.match(
      String(unchecked.msg),
      new RegExp(`ssh-keyscan -p ${link.port} 127\\.0\\.0\\.1 > known_hosts`),
    );
    assert.match(String(unchecked.msg), /kubectl create secret generic .* \| kubectl apply -f -/);

    const connected = link.connections.accepted;
    link.stall();
    await put(pod, join(set, 'saved as'), 'by the successor');
    await until(
      () => link.connections.accepted,
      (accepted) => accepted > connected,
    );
    assert.ok(descendants(pod.pid).some(({ command }) => command.startsWith('ssh ')));
    assert.deepEqual(usersOf(pod), new Set([String(USER)]));
    await link.heal();
    await untilTidy(pod);
    await endsClean(pod, set);

    const saved = await dataOf(server, set, PASSPHRASE);
    assert.deepEqual(
      saved.map(({ name, comment: { legacy, parent } }) => [name, legacy, parent.sequence]),
      savedBy(pod).map((name) => [name, 1_700_000_600, 0]),
    );
    const others = Object.entries(await commentsOf(server, set, PASSPHRASE)).filter(
      ([, comment]) => !comment,
    );
    assert.deepEqual(others.map(([name]) => name).sort(), old);
    const after = await server.archives(set, PASSPHRASE);
    assert.deepEqual(
      after.filter(({ name }) => old.includes(name)),
      before,
    );
  },
);

test('what the predecessor saves after its successor began stops the next start', asRoot, async () => {
  const set = 'predecessor-returns';
  await predecessor.saved(set, ['1700000000']);
  await using pod = await predecessorPod(set);
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, join(set, 'saved as'), 'by the successor');
  await pod.event('save.done');
  await endsClean(pod, set);
  await predecessor.borg(set, ['create', '::1800000000', '.'], join(scratch.path, set));
  await pod.newVolume();
  assert.match(
    await refusal(pod, 3),
    /^The predecessor has written the archive 1800000000 after this program took the set "predecessor-returns"/,
  );
});

test('the next pod restores what this program saved, not what the predecessor did', asRoot, async () => {
  const set = 'predecessor-next-pod';
  await predecessor.saved(set, ['1700000000']);
  await using pod = await predecessorPod(set);
  await pod.start();
  await pod.event('gate.opened');
  await put(pod, join(set, 'saved as'), 'by the successor');
  await endsClean(pod, set);
  const [archive, ...more] = savedBy(pod);
  assert.deepEqual(more, []);
  const saved = await snapshot(pod.dataDir);
  await pod.newVolume();
  await pod.start();
  assert.equal((await pod.event('restore.done')).archive, archive);
  await pod.event('gate.opened');
  assert.deepEqual(compare(saved, await snapshot(pod.dataDir)), []);
  await endsClean(pod, set);
});

const spellings: Record<string, () => string> = {
  'ssh://user@host:port/path': () => server.repoBase,
  'ssh://user@host/path': () => `ssh://${server.user}@${host}${server.reposDir}`,
  'user@host:/path': () => `${server.user}@${host}:${server.reposDir}`,
  'user@host:path': () => `${server.user}@${host}:${relative(userInfo().homedir, server.reposDir)}`,
  '/path': () => server.reposDir,
};

for (const [index, [spelling, base]] of Object.entries(spellings).entries()) {
  test(`REPO_BASE as ${spelling} restores and saves`, asRoot, async () => {
    const set = `predecessor-base-${index}`;
    const data = join(scratch.path, set);
    await mkdir(data);
    await writeFile(join(data, `${set}.old`), spelling);
    await server.init(set);
    await server.borg(['create', '::1700000000', '.'], { set, cwd: data });
    await execa('chown', ['-R', `${USER}:${USER}`, server.repository(set)]);
    await chown(server.reposDir, USER, USER);
    await using pod = await predecessorPod(set, { env: { REPO_BASE: base(), BORG_PASSPHRASE: undefined } });
    await pod.start();
    await pod.event('gate.opened');
    assert.equal(await readFile(join(pod.dataDir, `${set}.old`), 'utf8'), spelling);
    await put(pod, `${set}.new`, spelling);
    await endsClean(pod, set);
    const [name = '', ...more] = await dataNames(server, set);
    assert.deepEqual(more, []);
    await using directory = await extractByHand(server, { set, name });
    assert.deepEqual((await readdir(directory.path)).sort(), [`${set}.new`, `${set}.old`]);
  });
}
