import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execa } from 'execa';
import { seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { borgClient, executable } from '../../support/paths.ts';
import type { Pod } from '../../support/pod.ts';
import { endsClean, quickMain, quickPod } from '../../support/quick-pod.ts';
import { RecordedCommands } from '../../support/recorded-commands.ts';
import { writeSecret } from '../../support/secret.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

// Keys are the server's, not a set's, so whoever changes them has a server alone.
const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const PASSPHRASE = 'canary-1618033988';

/** Writes into the volume and waits until that is saved, and nothing is going on. */
async function saves(pod: Pod, set: string, content: string): Promise<void> {
  const done = pod.next('save.done');
  await writeFile(join(pod.dataDir, `${set}-file`), content);
  await done;
  // What the first archive makes superfluous; later ones here make nothing so.
  await pod.event('deleted');
}

/** A pod on a set of its own whose application may run. */
async function livePod(server: BorgServer, set: string): Promise<Pod> {
  await server.init(set);
  const pod = await quickPod({ set, server, entry: quickMain });
  await pod.start();
  await pod.event('gate.opened');
  return pod;
}

async function changePassphrase(repository: string, from: string, to: string): Promise<void> {
  await using base = await TemporaryDirectory.make('passphrase');
  await execa(executable(borgClient), ['key', 'change-passphrase', repository], {
    env: { BORG_BASE_DIR: base.path, BORG_PASSPHRASE: from, BORG_NEW_PASSPHRASE: to },
    stdin: 'ignore',
  });
}

describe('a secret that changes is used by the next save, without a restart', { concurrency: 2 }, () => {
  test('the private key, swapped as the kubelet does it', async () => {
    const set = 'key';
    await using server = await BorgServer.start();
    await using pod = await livePod(server, set);
    await saves(pod, set, 'with the first key');
    await server.rotateClientKey();
    await pod.renewSecret();
    await saves(pod, set, 'with the second key');
    assert.deepEqual(pod.seen('failure'), []);
    const agents = pod.processes().filter(({ command }) => command.startsWith('ssh-agent'));
    assert.equal(agents.length, 1, 'the agent with the old key still runs');
    await endsClean(pod, set);
  });

  test('the private key, replaced only after the server refuses the old one', async () => {
    const set = 'late-key';
    await using server = await BorgServer.start();
    await using pod = await livePod(server, set);
    await server.rotateClientKey();
    await writeFile(join(pod.dataDir, `${set}-file`), 'changed');
    const failure = await pod.event('failure');
    assert.equal(failure.reason, 'auth');
    assert.equal(failure.class, 'person');
    await pod.renewSecret();
    await pod.event('save.done');
    await endsClean(pod, set);
  });

  test('known_hosts, after the host key of the server was renewed', async () => {
    const set = 'host-key';
    await using server = await BorgServer.start();
    await using pod = await livePod(server, set);
    await server.rotateHostKey();
    await writeFile(join(pod.dataDir, `${set}-file`), 'changed');
    assert.equal((await pod.event('failure')).reason, 'host-key-changed');
    await pod.renewSecret();
    await pod.event('save.done');
    await endsClean(pod, set);
  });

  test('the accepted host key, where there is no known_hosts: another one is refused', async () => {
    const set = 'accepted';
    await using server = await BorgServer.start();
    await server.init(set);
    await using pod = await quickPod({ set, server, entry: quickMain });
    await writeSecret(pod.sshKeyDir, { 'ssh-privatekey': server.privateKey });
    await pod.start();
    const warning = await pod.event('ssh.unchecked');
    assert.equal(warning.level, 'warn');
    assert.match(warning.msg ?? '', new RegExp(`ssh-keyscan -p ${server.port} 127\\.0\\.0\\.1`));
    await pod.event('gate.opened');
    await saves(pod, set, 'with the accepted key');
    await server.rotateHostKey();
    await writeFile(join(pod.dataDir, `${set}-file`), 'changed');
    assert.equal((await pod.event('failure')).reason, 'host-key-changed');
    // Somebody has looked at it and says which one is right.
    await pod.renewSecret();
    await pod.event('save.done');
    await endsClean(pod, set);
  });

  test("BORG_PASSPHRASE_FILE, with the repository's passphrase", async () => {
    const set = 'passphrase';
    await server.init(set, { passphrase: 'first' });
    await using pod = await quickPod({ set, server, entry: quickMain });
    const file = join(pod.dir, 'passphrase');
    await writeFile(file, 'first\n');
    await pod.start({ REPO_BASE: server.reposDir, BORG_PASSPHRASE_FILE: file });
    await pod.event('gate.opened');
    await saves(pod, set, 'with the first passphrase');
    await changePassphrase(server.repository(set), 'first', 'second "one" ünïcödé');
    await writeFile(`${file}.new`, 'second "one" ünïcödé\r\n');
    await rename(`${file}.new`, file);
    await saves(pod, set, 'with the second passphrase');
    assert.deepEqual(pod.seen('failure'), []);
    await endsClean(pod, set);
  });
});

test('a key as a web form leaves it is used: CRLF, no end of the last line, readable by all', async () => {
  const set = 'web-form';
  await server.init(set);
  await using pod = await quickPod({ set, server, entry: quickMain });
  const files = {
    'ssh-privatekey': `\r\n${server.privateKey.trim().replaceAll('\n', '\r\n')}`,
    known_hosts: server.knownHosts.trim().replaceAll('\n', '\r\n'),
  };
  await writeSecret(pod.sshKeyDir, files, { mode: 0o644 });
  await pod.start();
  await pod.event('gate.opened');
  await endsClean(pod, set);
});

/** The names of all files below a directory that hold one of the texts. */
function filesThatHold(directory: string, texts: readonly string[]): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => holds(readFileSync(path, 'latin1'), texts));
}

const holds = (text: string, secrets: readonly string[]) => secrets.some((secret) => text.includes(secret));

for (const way of ['BORG_PASSPHRASE', 'BORG_PASSPHRASE_FILE', 'BORG_PASSCOMMAND']) {
  test(`with ${way}, passphrase and key are nowhere but where they were given`, async () => {
    const set = `canary-${way.toLowerCase().replaceAll('_', '-')}`;
    await using server = await BorgServer.start();
    await server.init(set, { passphrase: PASSPHRASE });
    await using pod = await quickPod({ set, server, entry: quickMain });
    const tools = ['borg', 'ssh', 'ssh-agent', 'ssh-add'];
    const commands = await RecordedCommands.of(pod, tools);
    const file = join(pod.sshKeyDir, 'passphrase');
    const files = { 'ssh-privatekey': server.privateKey, known_hosts: server.knownHosts };
    await writeSecret(pod.sshKeyDir, { ...files, passphrase: PASSPHRASE });
    const comment = { files: 0, bytes: 0 };
    await seedArchive(server, { set, directory: pod.tmpDir, passphrase: PASSPHRASE, comment });
    const values = {
      BORG_PASSPHRASE: PASSPHRASE,
      BORG_PASSPHRASE_FILE: file,
      BORG_PASSCOMMAND: `cat ${file}`,
    };
    await pod.start({ ...commands.env, LOG_LEVEL: 'trace', [way]: values[way as keyof typeof values] });
    await pod.event('restore.done');
    await pod.event('gate.opened');
    await saves(pod, set, 'content');
    await server.stop();
    await writeFile(join(pod.dataDir, `${set}-file`), 'unsaved');
    await pod.event('failure');

    // What stands between the first and the last line of the key, line by line.
    const secrets = [PASSPHRASE, ...server.privateKey.trim().split('\n').slice(1, -1)];
    assert.ok(secrets.length > 3);
    const status = await pod.status();
    const told = { lines: pod.lines, status, metrics: await pod.get('/metrics') };
    assert.equal(holds(JSON.stringify(told), secrets), false, 'told to everybody');
    for (const directory of [pod.stateDir, pod.dataDir, pod.tmpDir]) {
      assert.deepEqual(filesThatHold(directory, secrets), []);
    }
    for (const tool of tools) {
      assert.equal(
        holds(await commands.given(tool, 'environment'), secrets),
        false,
        `environment of ${tool}`,
      );
      assert.equal(holds(await commands.given(tool, 'arguments'), secrets), false, `arguments of ${tool}`);
    }
    for (const { pid, command } of pod.processes()) {
      assert.equal(holds(command, secrets), false, command);
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      // What a pod gives its container in the environment stays there: the kernel keeps it.
      const given = way === 'BORG_PASSPHRASE' && pid === pod.pid;
      assert.equal(holds(environment, secrets), given, `environment of ${command}`);
    }
    await server.start();
    await pod.event('recovered');
    await endsClean(pod, set);
    assert.equal(holds(JSON.stringify(pod.lines) + (await pod.lastWords()), secrets), false);
  });
}
