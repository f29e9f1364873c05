import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { BorgServer } from '../support/borg-server.ts';
import { Link } from '../support/link.ts';
import { descendants } from '../support/processes.ts';
import { put } from '../support/quick-pod.ts';
import { Receiver } from '../support/receiver.ts';
import { writeSecret } from '../support/secret.ts';
import { until } from '../support/until.ts';
import { ImagePod } from './support/image-pod.ts';

const server = await BorgServer.start();
const receiver = await Receiver.start();
after(() => server[Symbol.asyncDispose]());
after(() => receiver[Symbol.asyncDispose]());

const PASSPHRASE = 'canary-of-the-passphrase';
const KEY = server.privateKey.split('\n')[3] ?? '';
const canaries = {
  passphrase: PASSPHRASE,
  key: KEY,
  path: 'canary-of-the-path',
  query: 'canary-of-the-query',
};
receiver.replies[`/${canaries.path}`] = 500;

/** Which secrets a text holds. */
function secretsIn(text: string): string[] {
  return Object.entries(canaries)
    .filter(([, canary]) => text.includes(canary))
    .map(([name]) => name);
}

const ways = [
  {
    name: 'BORG_PASSPHRASE',
    value: PASSPHRASE,
    // The manifest gives it to the container's first two processes. No other needs it.
    holders: { init: ['passphrase', 'path', 'query'], program: ['passphrase', 'path', 'query'] },
  },
  {
    name: 'BORG_PASSPHRASE_FILE',
    value: '/ssh-key/passphrase',
    holders: { init: ['path', 'query'], program: ['path', 'query'] },
  },
  {
    name: 'BORG_PASSCOMMAND',
    value: `printf %s ${PASSPHRASE}`,
    // Borg runs the command.
    holders: {
      init: ['passphrase', 'path', 'query'],
      program: ['passphrase', 'path', 'query'],
      borg: ['passphrase'],
    },
  },
] as const;

/** By process, which secrets its environment and command line hold; those that hold none are left out. */
function holders(pod: ImagePod): Record<string, string[]> {
  const { init } = pod.container;
  const name = (pid: number, command: string) =>
    pid === pod.pid ? 'program' : command.includes('/borg ') ? 'borg' : command;
  const all = [
    { name: 'init', pid: init },
    ...descendants(init).map(({ pid, command }) => ({ name: name(pid, command), pid })),
  ];
  const held = all.map(({ name, pid }) => {
    const [environment, command] = ['environ', 'cmdline'].map((file) =>
      readFileSync(`/proc/${pid}/${file}`, 'latin1'),
    );
    return [name, secretsIn(`${environment}${command}`)] as const;
  });
  return Object.fromEntries(
    held.filter(([, secrets]) => secrets.length > 0).map(([name, secrets]) => [name, [...secrets]]),
  );
}

/** The files below these directories that hold a secret, and which. */
async function filesWithSecrets(...directories: readonly string[]): Promise<string[]> {
  const paths = directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)),
  );
  assert.ok(paths.length > 10, `only ${paths}`);
  const found = await Promise.all(
    paths.map(async (path) => ((await lstat(path)).isFile() ? secretsIn(readFileSync(path, 'latin1')) : [])),
  );
  return paths.flatMap((path, index) => (found[index]?.length ? [`${path}: ${found[index]}`] : []));
}

describe('no secret gets to where it is not needed', { concurrency: 3 }, () => {
  for (const { name, value, holders: expected } of ways) {
    test(`the passphrase by ${name}, the key, and what HEARTBEAT_URL holds`, async () => {
      const set = name.toLowerCase();
      await server.init(set, { passphrase: PASSPHRASE });
      await using link = await Link.to(server.port);
      const env = {
        ...{ [name]: value, HEARTBEAT_URL: receiver.url(`/${canaries.path}?key=${canaries.query}`) },
        ...{ LOG_LEVEL: 'trace', BACKUP_INTERVAL: '1s', BACKUP_QUIET_PERIOD: '0s' },
      };
      await using pod = await ImagePod.create({ set, server, link, env, uid: 1005, fsGroup: 1005 });
      await writeSecret(
        pod.sshKeyDir,
        {
          'ssh-privatekey': server.privateKey,
          known_hosts: server.knownHostsAt(link.port),
          passphrase: PASSPHRASE,
        },
        { mode: 0o440, gid: 1005 },
      );
      await pod.start();
      await pod.event('gate.opened');
      await pod.event('heartbeat.failed');
      using database = new DatabaseSync(join(pod.dataDir, 'database'));
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
      link.stall();
      await put(pod, 'file', 'makes it connect');
      const commands = () => descendants(pod.container.init).map(({ command }) => command);
      const busy = (all: readonly string[]) =>
        ['/child.js ', '/borg ', 'ssh -F', 'ssh-agent '].every((part) =>
          all.some((command) => command.includes(part)),
        );
      await until(commands, busy);
      assert.deepEqual(holders(pod), expected);
      assert.deepEqual(await filesWithSecrets(pod.dataDir, pod.stateDir, pod.tmpDir), []);
      const pages = await Promise.all(['/metrics', '/startup', '/ready'].map((path) => pod.get(path)));
      const { statusPort } = await pod.event('server.listening');
      const page = await (await fetch(`http://127.0.0.1:${statusPort}/`)).text();
      const told = [...pages.map(({ text }) => text), page, JSON.stringify(await pod.status())];
      assert.deepEqual(secretsIn(told.join('\n')), []);

      await link.heal();
      const { written } = pod.container;
      assert.deepEqual(await filesWithSecrets(written, pod.stateDir), []);
      assert.equal((await pod.terminate()).exitCode, 0, pod.log.tail());
      assert.deepEqual(secretsIn(JSON.stringify(pod.lines)), []);
      assert.deepEqual(secretsIn(await pod.lastWords()), []);
      assert.deepEqual(await filesWithSecrets(pod.dataDir, pod.stateDir, pod.tmpDir), []);
    });
  }
});
