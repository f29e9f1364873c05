import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BorgServer } from '../support/borg-server.ts';
import { Link } from '../support/link.ts';
import { descendants } from '../support/processes.ts';
import { put } from '../support/quick-pod.ts';
import { compare, snapshot } from '../support/snapshot.ts';
import { until } from '../support/until.ts';
import { addOddities, addOwners } from '../support/volume.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

/** By name, the fields of a process's status that say what it may do. */
function rightsOf(pid: number): Record<string, string> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').trim();
  const names = ['Uid', 'Gid', 'Groups', 'CapInh', 'CapPrm', 'CapEff', 'CapAmb'];
  return Object.fromEntries(names.map((name) => [name, field(name).replaceAll('\t', ' ')]));
}

const none = '0000000000000000';
const userAlone = {
  ...{ Uid: '1005 1005 1005 1005', Gid: '1005 1005 1005 1005', Groups: '1005' },
  ...{ CapInh: none, CapPrm: none, CapEff: none, CapAmb: none },
};

describe('what the container may do', { concurrency: 3 }, () => {
  test('started as root with USER_UID, program, borg, ssh and agent are that user, and nothing of root is left', async () => {
    const set = 'dropped';
    await server.init(set);
    await using link = await Link.to(server.port);
    const env = { USER_UID: '1005', BACKUP_INTERVAL: '1s', BACKUP_QUIET_PERIOD: '0s' };
    await using pod = await ImagePod.create({ set, server, link, env });
    await pod.start();
    await pod.event('gate.opened');
    link.stall();
    await put(pod, 'file', 'makes it connect');
    const below = () => descendants(pod.container.init);
    const seen = await until(below, (all) => all.some(({ command }) => command.startsWith('ssh ')));
    // A shebang's interpreter is what the kernel names.
    for (const program of ['node ', 'ssh-agent ', '/usr/bin/python3 ', 'ssh ']) {
      assert.ok(
        seen.some(({ command }) => command.startsWith(program)),
        `no ${program} in ${JSON.stringify(seen)}`,
      );
    }
    for (const { pid, command } of seen) assert.deepEqual(rightsOf(pid), userAlone, command);
    // The init alone is root: it passes on signals, reaps, and reads nothing.
    assert.equal(rightsOf(pod.container.init).Uid, '0 0 0 0');
    await link.heal();
    assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
  });

  test('a child of the program that wants to be root is refused', async () => {
    const set = 'wants-root';
    await server.init(set, { passphrase: 'word' });
    const attempt = '(setpriv --reuid=0 --regid=0 --clear-groups id; echo $?) >/tmp/attempt 2>&1; echo word';
    const env = { USER_UID: '1005', BORG_PASSCOMMAND: `sh -c '${attempt}'` };
    await using pod = await ImagePod.create({ set, server, env });
    await pod.start();
    await pod.event('gate.opened');
    const words = await readFile(join(pod.tmpDir, 'attempt'), 'utf8');
    assert.match(words, /^setpriv: .* failed: Operation not permitted\n127\n$/);
  });

  test('root with CHOWN, DAC_OVERRIDE, FOWNER, SETUID and SETGID alone brings files of several owners back', async () => {
    const set = 'owners';
    const capabilities = ['chown', 'dac_override', 'fowner', 'setuid', 'setgid'];
    await server.init(set);
    await using pod = await ImagePod.create({
      set,
      server,
      capabilities,
      readOnlyRoot: true,
      noNewPrivileges: true,
    });
    await pod.start();
    await pod.event('gate.opened');
    await addOddities(pod.dataDir);
    await addOwners(pod.dataDir, [
      [0, 0],
      [1000, 2000],
      [65_534, 100_123],
    ]);
    const saved = await snapshot(pod.dataDir);
    assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
    await pod.newVolume();
    await pod.start();
    await pod.event('gate.opened');
    assert.deepEqual(compare(saved, await snapshot(pod.dataDir)), []);
    const { uid, gid } = await lstat(join(pod.dataDir, 'of-65534-100123'));
    assert.deepEqual([uid, gid], [65_534, 100_123]);
    assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
  });
});
