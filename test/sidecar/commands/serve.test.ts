import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lastTransaction, rollBack } from '../../support/append-only.ts';
import { noise } from '../../support/noise.ts';
import { endsClean, put, quickMain, quickPod, untilLive } from '../../support/quick-pod.ts';
import { SERVER_USER, ServedVolume } from '../../support/served-volume.ts';

const sets = ['grafana', 'kept', 'small', 'pod'];
const volume = await ServedVolume.make(sets);
after(() => volume[Symbol.asyncDispose]());
const args = ['--append-only', 'kept', '--quota', '100Gi,small=10M'];
const server = await volume.listening({ args });
const content = join(volume.dir, 'content');

before(async () => {
  await writeFile(content, noise('serve', 3_000_000));
  for (const set of sets.slice(0, 3)) {
    const { exitCode, stderr } = await volume.borg(['init', '-e', 'none'], { set });
    assert.equal(exitCode, 0, stderr);
  }
});

test('a user that nobody knows, without rights and under a read-only root, serves a set to its key', async () => {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  if (process.getuid?.() === 0) {
    assert.match(status, new RegExp(`^Uid:\t${SERVER_USER}\t${SERVER_USER}\t${SERVER_USER}\t`, 'm'));
    assert.match(status, /^CapBnd:\t0+$/m);
  }
  const created = await volume.borg(['create', '::first', content], { set: 'grafana' });
  assert.equal(created.exitCode, 0, created.stderr);
  const { stdout } = await volume.borg(['list', '--format', '{archive}'], { set: 'grafana' });
  assert.equal(stdout, 'first');
});

test("a key reaches its own set's repository and nothing else: no other set, no shell, no file, no port", async () => {
  const other = await volume.borg(['list'], { set: 'grafana', of: 'kept' });
  assert.equal(other.exitCode, 83, other.stderr);
  assert.match(other.stderr, /Repository path not allowed/);
  const { exitCode } = await volume.borg(['init', '-e', 'none'], { set: 'grafana', of: 'new' });
  assert.equal(exitCode, 83);
  assert.equal(existsSync(volume.repository('new')), false);

  for (const command of [['cat', '/etc/passwd'], ['borg serve --restrict-to-path /'], ['-s', 'sftp']]) {
    const { stdout } = await volume.ssh('grafana', ...command);
    assert.doesNotMatch(String(stdout), /root:/, command.join(' '));
  }
  const forward = await volume.ssh('grafana', '-W', `127.0.0.1:${volume.port}`);
  assert.doesNotMatch(String(forward.stdout), /SSH-2/);
  assert.match(String(forward.stderr), /administratively prohibited|forwarding failed/);
});

test('a key that nobody has mounted is let in nowhere', async () => {
  await volume.pair('stranger');
  const { exitCode, stderr } = await volume.ssh('stranger');
  assert.equal(exitCode, 255);
  assert.match(String(stderr), /Permission denied \(publickey\)/);
});

test('of an append-only set nothing leaves the disk: what a delete took can be had back', async () => {
  const client = { set: 'kept' };
  assert.equal((await volume.borg(['create', '::first', content], client)).exitCode, 0);
  const repository = volume.repository('kept');
  const transaction = await lastTransaction(repository);
  assert.equal((await volume.borg(['delete', '::first'], client)).exitCode, 0);
  assert.equal((await volume.borg(['compact'], client)).exitCode, 0);
  assert.equal((await volume.borg(['list'], client)).stdout, '');
  await rollBack(repository, transaction);
  // A client that has seen more refuses a repository that has gone back.
  await rm(join(volume.dir, 'client', 'borg-kept'), { recursive: true });
  assert.equal((await volume.borg(['check', '--verify-data'], client)).exitCode, 0);
  const { stdout } = await volume.borg(['list', '--format', '{path}', '::first'], client);
  assert.equal(stdout, content.slice(1));
});

test("a set's quota is the server's: more is refused with Borg's own words, and nothing is left of it", async () => {
  const large = join(volume.dir, 'large');
  await writeFile(large, noise('quota', 12_000_000));
  const client = { set: 'small' };
  const refused = await volume.borg(['--log-json', 'create', '::large', large], client);
  assert.equal(refused.exitCode, 20, refused.stderr);
  assert.match(refused.stderr, /StorageQuotaExceeded/);
  assert.equal((await volume.borg(['create', '::fits', content], client)).exitCode, 0);
  const { stdout } = await volume.borg(['list', '--format', '{archive}'], client);
  assert.equal(stdout, 'fits');
});

test('keys are added and taken away without a restart, and a fault among them changes nothing', async () => {
  const files = await volume.publicKeys([...sets, 'late']);
  await volume.mount(files);
  await server.log.event('keys.read', ({ sets }) => (sets as string[]).includes('late'));
  const client = { set: 'late' };
  assert.equal((await volume.borg(['init', '-e', 'none'], client)).exitCode, 0);

  const { 'late.pub': _, ...without } = files;
  await volume.mount({ ...without, 'bad.pub': `command="sh" ${files['late.pub']}` });
  const { msg } = await server.log.event('keys.refused');
  assert.match(
    String(msg),
    /^The key file \S+bad\.pub has no public key in line 1: .* keys of before may log in/,
  );
  assert.equal((await volume.borg(['list'], client)).exitCode, 0);

  const read = server.log.next('keys.read');
  await volume.mount(without);
  await read;
  assert.equal((await volume.borg(['list'], client)).exitCode, 81);
  assert.equal((await volume.borg(['list'], { set: 'grafana' })).exitCode, 0);
});

test('the sidecar makes its repository, saves and restores, with the line for known_hosts that the server gives', async () => {
  const set = 'pod';
  const options = {
    set,
    server: volume.secretOf(set),
    entry: quickMain,
    env: { SSH_HOST_KEY_CHECKING: 'strict' },
  };
  await using first = await quickPod(options);
  await first.start({ INIT_REPOSITORY: 'true' });
  await untilLive(first);
  await put(first, `${set}.file`, 'from the first pod');
  await first.event('save.done');
  await endsClean(first, set);

  await using second = await quickPod(options);
  await second.start();
  await second.event('gate.opened');
  assert.equal(await readFile(join(second.dataDir, `${set}.file`), 'utf8'), 'from the first pod');
  await endsClean(second, set);
});

test('a volume that a group may read after an fsGroup has the same host key at the next start', async () => {
  await using own = await ServedVolume.make(['any']);
  const first = await own.listening({ env: { SERVE_QUOTA: '1G', SERVE_APPEND_ONLY: 'all' } });
  const { fingerprint } = await first.log.event('server.listening');
  const lines = await readFile(join(own.stateDir, 'sshd', 'authorized_keys'), 'utf8');
  assert.match(lines, /--append-only --storage-quota 1000000000" ssh-ed25519 /);
  assert.equal((await first.terminate()).exitCode, 0);
  const kept = join(own.reposDir, '.borg-volume-sync', 'ssh_host_ed25519_key');
  await chmod(kept, 0o660);
  const second = await own.listening();
  assert.equal((await second.log.event('server.listening')).fingerprint, fingerprint);
  const { exitCode, stderr } = await own.borg(['init', '-e', 'none'], { set: 'any' });
  assert.equal(exitCode, 0, stderr);

  // Somebody else's key file in its place ends the start, and is not overwritten.
  assert.equal((await second.terminate()).exitCode, 0);
  await writeFile(kept, 'no key');
  const refused = await own.refuses({});
  assert.equal(refused.exitCode, 3);
  assert.match(refused.sentence, /^The host key \S+ssh_host_ed25519_key is no ed25519 key/);
  assert.equal(await readFile(kept, 'utf8'), 'no key');
});

test('the volume is given to one server at a time', async () => {
  await using own = await ServedVolume.make(['any']);
  const first = await own.listening();
  const second = await own.start({ port: own.port + 1 });
  await second.log.event('server.waiting');
  assert.equal((await first.terminate()).exitCode, 0);
  await second.log.event('server.listening');
  // One that waits ends when it is told to.
  const third = await own.start();
  await third.log.event('server.waiting');
  assert.equal((await third.terminate()).exitCode, 0);
});

test('what a start needs and lacks is named, all of it', async () => {
  await using own = await ServedVolume.make();
  const options = await own.refuses({
    args: ['--port', '0', '--quota', '5M,a/b=1G', '--append-only', '.x', '--grace', 'soon'],
    env: { LOG_LEVEL: 'loud' },
  });
  assert.equal(options.exitCode, 2);
  for (const name of ['LOG_LEVEL', '--port', '--quota', '--append-only', '--grace']) {
    assert.match(options.sentence, new RegExp(`${name} is "`), name);
  }
  await own.mount({
    'one.pub': 'ssh-ed25519 AAAA',
    'two.pub': '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret',
  });
  const keys = await own.refuses({});
  assert.equal(keys.exitCode, 3);
  assert.match(keys.sentence, /one\.pub has no public key in line 1.*two\.pub holds a private key/);
  assert.doesNotMatch(keys.sentence, /secret/);
  await own.mount({});
  if (process.getuid?.() === 0) {
    const root = await own.refuses({ uid: 0, bare: true, args: ['--repositories', own.keysDir] });
    assert.equal(root.exitCode, 2);
    assert.match(root.sentence, /does not run as root, .*runAsUser/);
    const denied = await own.refuses({ args: ['--repositories', own.keysDir] });
    assert.equal(denied.exitCode, 3);
    assert.match(denied.sentence, /^The volume \S+keys can't be written by user 100123 .*fsGroup/);
  }
  const missing = await own.refuses({ args: ['--repositories', join(own.dir, 'nowhere')] });
  assert.match(missing.sentence, /^The volume \S+nowhere can't be used/);
  assert.equal(existsSync(join(own.reposDir, '.borg-volume-sync')), false);
});
