import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { CredentialError } from '../../../sidecar/src/ssh/error.ts';
import { connectCommand, Ssh } from '../../../sidecar/src/ssh/ssh.ts';
import { untilAgentsEnd } from '../../support/agents.ts';
import { makeKeyPair } from '../../support/ssh-key.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

/** The words of a command line, as a real shell splits it. */
async function words(commandLine: string): Promise<string[]> {
  const { stdout } = await execa('sh', ['-c', `printf '%s\\0' ${commandLine}`]);
  return stdout.split('\0').slice(0, -1);
}

/** What a real ssh understands. */
async function understood(commandLine: string): Promise<Map<string, string>> {
  const { stdout } = await execa('sh', ['-c', `${commandLine} -G nas`]);
  return new Map(
    stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
}

const plain = {
  socket: '/agent',
  log: '/dev/null',
  check: { mode: 'accept-new', file: '/accepted' },
  variables: {},
} as const;

const names = [
  'state',
  'with blank',
  "it's",
  'say "hi"',
  'back\\slash',
  'a;b',
  '$HOME',
  'back`tick`',
  'two  blanks',
  'ü',
];

for (const name of names) {
  test(`files below "${name}" are what ssh gets`, async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, name);
    await mkdir(path);
    const command = connectCommand({
      socket: `${path}/agent-1`,
      log: `${path}/log-1`,
      check: { mode: 'yes', file: `${path}/known_hosts` },
      variables: {},
    });
    const options = await understood(command);
    assert.equal(options.get('identityagent'), `${path}/agent-1`);
    assert.equal(options.get('userknownhostsfile'), `${path}/known_hosts`);
    assert.deepEqual(await readdir(path), ['log-1']);
  });
}

test('ssh never asks, offers one key, and gives a dead link up', async () => {
  const options = await understood(connectCommand(plain));
  assert.deepEqual(
    [
      ...['batchmode', 'stricthostkeychecking', 'identityfile', 'preferredauthentications', 'controlmaster'],
      ...['connecttimeout', 'serveraliveinterval', 'serveralivecountmax', 'globalknownhostsfile', 'loglevel'],
    ].map((name) => options.get(name)),
    ['yes', 'accept-new', 'none', 'publickey', 'false', '15', '10', '3', '/dev/null', 'ERROR'],
  );
});

test('variables for ssh alone are set by env, and the one that only borg needs is taken away', async () => {
  const command = connectCommand({ ...plain, variables: { LD_PRELOAD: 'a b.so', X: "it's" } });
  assert.match(
    (await words(command)).join('\n'),
    /^setpriv\n.*\nenv\n-u\nBORG_PASSCOMMAND\nLD_PRELOAD=a b\.so\nX=it's\nssh\n/s,
  );
});

function agentOf(command: string): string | undefined {
  return /IdentityAgent=(\S+)/.exec(command)?.[1];
}

describe('the Secret', () => {
  async function makeSsh(directory: string, checking: 'accept-new' | 'strict' = 'accept-new'): Promise<Ssh> {
    const secretDirectory = join(directory, 'secret');
    await mkdir(secretDirectory);
    const key = await makeKeyPair(directory, 'pair');
    await writeFile(join(secretDirectory, 'ssh-privatekey'), key.privateKey);
    return new Ssh({
      secretDirectory,
      directory: join(directory, 'ssh'),
      checking,
      path: process.env.PATH ?? '',
    });
  }

  test('has one agent for one key, and another for a rotated one', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path);
    try {
      const { command: first } = await ssh.connection();
      assert.match(first, /IdentityAgent=\S+\/agent-1 /);
      assert.equal(agentOf((await ssh.connection()).command), agentOf(first));
      const { privateKey } = await makeKeyPair(directory.path, 'rotated');
      await writeFile(join(directory.path, 'secret', 'ssh-privatekey'), privateKey);
      assert.match((await ssh.connection()).command, /IdentityAgent=\S+\/agent-2 /);
    } finally {
      ssh.close();
      await untilAgentsEnd(directory.path);
    }
  });

  test('with a broken new key keeps the agent of the old one', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path);
    const path = join(directory.path, 'secret', 'ssh-privatekey');
    try {
      const { stdout: key } = await execa('cat', [path], { stripFinalNewline: false });
      const { command: first } = await ssh.connection();
      await writeFile(path, 'broken');
      await assert.rejects(ssh.connection(), CredentialError);
      await writeFile(path, key);
      assert.equal(agentOf((await ssh.connection()).command), agentOf(first));
    } finally {
      ssh.close();
      await untilAgentsEnd(directory.path);
    }
  });

  test('gives each connection a log of its own, without what an earlier container left in it', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path);
    await mkdir(join(directory.path, 'ssh'));
    await writeFile(join(directory.path, 'ssh', 'log-1'), 'left by an earlier container');
    try {
      const [first, second] = [await ssh.connection(), await ssh.connection()];
      assert.notEqual(first.log, second.log);
      assert.ok(first.command.includes(` -E ${first.log} `));
      assert.deepEqual(
        (await readdir(join(directory.path, 'ssh'))).filter((name) => name.startsWith('log')),
        [],
      );
    } finally {
      ssh.close();
      await untilAgentsEnd(directory.path);
    }
  });

  test('without a key is refused', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path);
    await rm(join(directory.path, 'secret', 'ssh-privatekey'));
    await assert.rejects(ssh.connection(), (error) => {
      assert.ok(error instanceof CredentialError);
      assert.match(error.message, /^There is no private key \S+\/secret\/ssh-privatekey: mount the Secret/);
      return true;
    });
  });

  test('that can not be read is refused, with what to set', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path);
    // Not even root reads a directory as a file.
    await mkdir(join(directory.path, 'secret', 'known_hosts'));
    await assert.rejects(ssh.readSecret(), (error) => {
      assert.ok(error instanceof CredentialError);
      assert.match(error.message, /^The Secret in \S+ can't be read \(.+\): set its defaultMode to 0440/);
      return true;
    });
  });

  test('says whether somebody has checked the server', async () => {
    await using directory = await TemporaryDirectory.make();
    const ssh = await makeSsh(directory.path, 'strict');
    assert.equal(await ssh.hasKnownHosts(), false);
    await assert.rejects(ssh.connection(), CredentialError);
    await writeFile(join(directory.path, 'secret', 'known_hosts'), 'nas ssh-ed25519 AAAA');
    assert.equal(await ssh.hasKnownHosts(), true);
    try {
      assert.match(
        (await ssh.connection()).command,
        /StrictHostKeyChecking=yes -o UserKnownHostsFile=\S+\/ssh\/known_hosts /,
      );
    } finally {
      ssh.close();
      await untilAgentsEnd(directory.path);
    }
  });
});
