import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { execa } from 'execa';
import { readKeys } from '../../../sidecar/src/sshd/keys.ts';
import { writeSecret } from '../../support/secret.ts';
import { makeKeyPair } from '../../support/ssh-key.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const scratch = await TemporaryDirectory.make('keys');
after(() => scratch[Symbol.asyncDispose]());
const one = (await makeKeyPair(scratch.path, 'one')).publicKey;
const two = (await makeKeyPair(scratch.path, 'two')).publicKey;
let directories = 0;

/** Reads what the kubelet has mounted. */
async function read(files: Record<string, string>) {
  directories += 1;
  const directory = join(scratch.path, String(directories));
  await mkdir(directory);
  await writeSecret(directory, files, { mode: 0o444 });
  return await readKeys(directory);
}

test('a file is a set, with its comments, blank lines and CRs left out', async () => {
  const keys = await read({
    'grafana.pub': `# the old one\r\n${one} grafana@nas\r\n\r\n  ${two}\r\n${two} again\r\n`,
    vaultwarden: (await makeKeyPair(scratch.path, 'other')).publicKey,
  });
  assert.deepEqual([...keys.keys()], ['grafana', 'vaultwarden']);
  assert.deepEqual(keys.get('grafana'), [one, two]);
  assert.deepEqual([...(await read({}))], []);
});

for (const type of ['rsa', 'ecdsa']) {
  test(`keys of ssh-keygen's type ${type} are taken`, async () => {
    const path = join(scratch.path, type);
    await execa('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path]);
    const { stdout } = await execa('cat', [`${path}.pub`]);
    assert.equal((await read({ set: stdout })).size, 1);
  });
}

const [, blob = ''] = one.split(' ');
const refused: [name: string, files: Record<string, string>, sentence: RegExp][] = [
  ['options before a key', { 'a.pub': `${two}\ncommand="sh" ${one}` }, /a\.pub has no public key in line 2/],
  ['a key without its type', { 'a.pub': blob }, /a\.pub has no public key in line 1/],
  ['half a key', { 'a.pub': one.slice(0, -8) }, /a\.pub has no public key in line 1/],
  ['another type than the key says', { 'a.pub': `ssh-rsa ${blob}` }, /a\.pub has no public key in line 1/],
  ['a certificate authority', { 'a.pub': `cert-authority ${one}` }, /a\.pub has no public key in line 1/],
  ['a file without a key', { 'a.pub': '# later\n' }, /a\.pub holds no key/],
  ['a key for two sets', { 'a.pub': one, 'b.pub': one }, /b\.pub holds a key that the set a has too/],
  ['two files for a set', { a: two, 'a.pub': one }, /a\.pub is the second one of the set a/],
  ['a name that no sidecar may have', { 'a b.pub': one }, /can't be for a set called "a b"/],
  ['a fork’s name', { 'a.fork-1.pub': one }, /can't be for a set called "a\.fork-1"/],
  ['a private key', { id: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA' }, /id holds a private key/],
];

for (const [name, files, sentence] of refused) {
  test(`refused by name: ${name}`, async () => {
    await assert.rejects(read(files), { name: 'ServerError', message: sentence });
  });
}

test('every file with a fault is named, and nothing of what is in it', async () => {
  await assert.rejects(read({ 'a.pub': 'hidden', 'b.pub': 'hidden too', 'c.pub': one }), ({ message }) => {
    assert.match(message, /a\.pub .*b\.pub /);
    assert.doesNotMatch(message, /hidden|c\.pub/);
    return true;
  });
  await assert.rejects(readKeys(join(scratch.path, 'nowhere')), /nowhere can't be read .*mount the Secret/);
});
