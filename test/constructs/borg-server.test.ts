import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Testing } from 'cdk8s';
import { BorgServer, BorgSyncedDeployment } from 'cdk8s-borg-volume-sync';
import { Secret } from 'cdk8s-plus-28';
import { application, emptyChart, environment, mountPath, nas, pod } from './grafana.ts';

for (const base of [
  'borg@nas.lan:/srv/borg',
  'borg@nas.lan:repositories',
  'ssh://borg@nas.lan:2222/srv/borg',
  'borg@[fd00::1]:/srv/borg',
]) {
  test(`${base} reaches the sidecar as it is`, () => {
    assert.equal(environment({ server: { base } }).REPO_BASE, base);
  });
}

for (const base of [
  '',
  'nas.lan',
  '/srv/borg',
  'https://nas.lan/srv',
  'ssh://nas.lan',
  'borg@nas.lan:/srv/{now}',
]) {
  test(`'${base}' is no base over SSH`, () => {
    assert.throws(() => nas(emptyChart(), { base }), {
      message: `'base' is '${base}', but must be 'user@host:/path', 'user@host:path' or 'ssh://user@host:port/path'.`,
    });
  });
}

test('the Secret is mounted for the group only', () => {
  assert.deepEqual(pod().volumes[1].secret, { secretName: 'borg', defaultMode: 0o440 });
});

test('the Secret can be an object', () => {
  const chart = emptyChart();
  const secret = Secret.fromSecretName(chart, 'elsewhere', 'made-elsewhere');
  const server = BorgServer.ssh(chart, 'nas', { base: 'borg@nas.lan:/srv/borg', secret });
  const data = server.volume('grafana', { mountPath });
  new BorgSyncedDeployment(chart, 'grafana', { containers: [application], data });
  const { volumes } = Testing.synth(chart)[0].spec.template.spec;
  assert.deepEqual(volumes[1].secret, { secretName: 'made-elsewhere', defaultMode: 0o440 });
});

test('a server without a Secret is refused', () => {
  assert.throws(() => nas(emptyChart(), { secretName: '' }), /'test\/nas' has no Secret\. Set 'secretName'/);
});

test('a server with two Secrets is refused', () => {
  const chart = emptyChart();
  const secret = Secret.fromSecretName(chart, 'other', 'other');
  assert.throws(
    () => nas(chart, { secret }),
    /both 'secretName' \('borg'\) and 'secret' \('other'\)\. Leave one/,
  );
});

test('a set may have the name of anything else below the server', () => {
  const server = nas(emptyChart());
  assert.equal(server.volume('Secret').archiveName, 'Secret');
  assert.equal(server.volume('Resource').archiveName, 'Resource');
});

test("the passphrase is read from the Secret's file", () => {
  assert.equal(environment().BORG_PASSPHRASE_FILE, '/ssh-key/passphrase');
  assert.equal(
    environment({ server: { passphraseKey: 'borg.txt' } }).BORG_PASSPHRASE_FILE,
    '/ssh-key/borg.txt',
  );
});

test('an unencrypted server has no passphrase', () => {
  assert.equal('BORG_PASSPHRASE_FILE' in environment({ server: { encrypted: false } }), false);
});

test('a passphrase without encryption is refused', () => {
  assert.throws(
    () => nas(emptyChart(), { encrypted: false, passphraseKey: 'pass' }),
    /'encrypted' is false, but 'passphraseKey' is 'pass'.*Leave one out/,
  );
});

test("a passphrase's key that no Secret can have is refused", () => {
  assert.throws(() => nas(emptyChart(), { passphraseKey: '../key' }), /'passphraseKey' is '\.\.\/key'/);
});
