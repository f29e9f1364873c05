import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { Agent, normalizeKey } from '../../../sidecar/src/ssh/agent.ts';
import { CredentialError } from '../../../sidecar/src/ssh/error.ts';
import { untilAgentsEnd } from '../../support/agents.ts';
import { type KeyPair, makeKeyPair } from '../../support/ssh-key.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const environment = { PATH: process.env.PATH ?? '' };

for (const [name, key] of [
  ['as it is', 'BEGIN\nabc\nEND\n'],
  ['with carriage returns', 'BEGIN\r\nabc\r\nEND\r\n'],
  ['without its last end of line', 'BEGIN\nabc\nEND'],
  ['with blanks and empty lines around it', '\n\n  BEGIN\nabc\nEND \n\n'],
] as const) {
  test(`a key ${name} is normalised`, () => assert.equal(normalizeKey(key), 'BEGIN\nabc\nEND\n'));
}

describe('a real ssh-agent', () => {
  let directory: TemporaryDirectory;
  let pair: KeyPair;
  before(async () => {
    directory = await TemporaryDirectory.make('agent');
    pair = await makeKeyPair(directory.path, 'key');
  });
  after(async () => {
    await untilAgentsEnd(directory.path);
    await directory[Symbol.asyncDispose]();
  });

  async function keysOf(agent: Agent): Promise<string> {
    const { stdout } = await execa('ssh-add', ['-L'], { env: { SSH_AUTH_SOCK: agent.socket } });
    return stdout.trim();
  }

  for (const [name, spell] of [
    ['as ssh-keygen wrote it', (key: string) => key],
    ['with carriage returns', (key: string) => key.replaceAll('\n', '\r\n')],
    ['without its last end of line', (key: string) => key.trimEnd()],
  ] as const) {
    test(`holds the key ${name}`, async () => {
      const agent = await Agent.start(spell(pair.privateKey), '/key', join(directory.path, 'a'), environment);
      try {
        assert.equal(agent.running, true);
        assert.equal((await keysOf(agent)).split(' ').slice(0, 2).join(' '), pair.publicKey);
      } finally {
        agent.stop();
      }
    });
  }

  test('ends when it is stopped', async () => {
    const agent = await Agent.start(pair.privateKey, '/key', join(directory.path, 'ends'), environment);
    agent.stop();
    await until(
      () => agent.running,
      (running) => !running,
    );
    await assert.rejects(keysOf(agent));
  });

  test('takes the place of a socket that a dead one left', async () => {
    const socket = join(directory.path, 'left');
    await writeFile(socket, '');
    const agent = await Agent.start(pair.privateKey, '/key', socket, environment);
    assert.notEqual(await keysOf(agent), '');
    agent.stop();
  });

  const broken: [name: string, spell: (key: string) => string][] = [
    ['an empty key', () => ''],
    ['half a key', (key) => key.slice(0, key.length / 2)],
    ['a public key', () => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE'],
    ['a key on one line', (key) => key.replaceAll('\n', ' ')],
  ];
  for (const [name, spell] of broken) {
    test(`${name} is refused in one sentence that does not show it`, async () => {
      const key = spell(pair.privateKey);
      await assert.rejects(
        Agent.start(key, '/ssh-key/ssh-privatekey', join(directory.path, 'broken'), environment),
        (error) => {
          assert.ok(error instanceof CredentialError);
          assert.match(
            error.message,
            /^The private key \/ssh-key\/ssh-privatekey can't be used \([^\n]+\): it must be a whole OpenSSH private key without a passphrase\.$/,
          );
          assert.ok(key === '' || !error.message.includes(key.slice(40, 60) || key));
          return true;
        },
      );
    });
  }

  test('a key with a passphrase is refused, and nobody is asked for it', async () => {
    const path = join(directory.path, 'locked');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'hunter2', '-f', path], { stdin: 'ignore' });
    const { stdout: key } = await execa('cat', [path]);
    await assert.rejects(
      Agent.start(key, '/key', join(directory.path, 'locked-agent'), environment),
      CredentialError,
    );
  });

  test('an agent that can not listen is an error that names the socket', async () => {
    const socket = join(directory.path, 'x'.repeat(120));
    await assert.rejects(Agent.start(pair.privateKey, '/key', socket, environment), (error) => {
      assert.ok(error instanceof CredentialError);
      assert.match(
        error.message,
        /^ssh-agent did not start with the socket .*x{120} \(.+\): make STATE_DIR writable/s,
      );
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });

  test('an agent without a directory is an error', async () => {
    await mkdir(join(directory.path, 'there'));
    const socket = join(directory.path, 'not-there', 'agent');
    await assert.rejects(Agent.start(pair.privateKey, '/key', socket, environment), CredentialError);
  });
});
