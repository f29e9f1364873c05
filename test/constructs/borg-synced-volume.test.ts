import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chart, Duration, Size, Testing } from 'cdk8s';
import { BorgServer, BorgSyncedDeployment, BorgSyncedVolume } from 'cdk8s-borg-volume-sync';
import { application, emptyChart, environment, grafana, mountPath, nas, pod } from './grafana.ts';

test('a volume is a child of its server, named like its set', () => {
  const server = nas(emptyChart());
  assert.equal(server.volume('grafana.db_1-a'), server.node.findChild('grafana.db_1-a'));
});

test('the volume is an emptyDir with its limit', () => {
  const volumes = pod({ volume: { sizeLimit: Size.gibibytes(1) } }).volumes;
  assert.deepEqual(volumes[0], { name: 'borg-data', emptyDir: { sizeLimit: '1024Mi' } });
});

for (const set of ['', 'a/b', '-a', '.a', 'a b', 'a.fork-1', 'a.checkpoint', 'ä']) {
  test(`'${set}' is no name for a set`, () => {
    assert.throws(
      () => nas(emptyChart()).volume(set),
      /can't be the name of a set: it has only letters.*'base'/,
    );
  });
}

test('the same set twice is refused', () => {
  const server = nas(emptyChart());
  server.volume('grafana');
  const twice = /'test\/nas' has a volume of the set 'grafana' already.*volume\('grafana'\).*another set/;
  assert.throws(() => server.volume('grafana'), twice);
  assert.throws(() => new BorgSyncedVolume(server, 'grafana'), twice);
});

test('one repository through two servers is refused', () => {
  const chart = emptyChart();
  grafana(chart);
  const again = BorgServer.ssh(chart, 'again', { base: 'borg@nas.lan:/srv/borg/', secretName: 'borg' });
  const data = again.volume('grafana', { mountPath });
  new BorgSyncedDeployment(chart, 'second', { containers: [application], data });
  assert.throws(
    () => Testing.synth(chart),
    /The repository 'borg@nas\.lan:\/srv\/borg\/grafana' is also that of 'test\/again\/grafana'/,
  );
});

test('sets of one name on two servers are two sets', () => {
  const chart = emptyChart();
  grafana(chart);
  const other = BorgServer.ssh(chart, 'other', { base: 'borg@other.lan:/srv/borg', secretName: 'borg' });
  const data = other.volume('grafana', { mountPath });
  new BorgSyncedDeployment(chart, 'second', { containers: [application], data });
  assert.equal(Testing.synth(chart).length, 2);
});

test('one volume in two deployments is refused', () => {
  const chart = emptyChart();
  const { data } = grafana(chart);
  assert.throws(
    () => new BorgSyncedDeployment(chart, 'second', { containers: [application], data }),
    /The volume of the set 'grafana' belongs to 'test\/grafana', so 'test\/second' can't have it too/,
  );
});

test('a volume that no workload has is refused', () => {
  const chart = emptyChart();
  const deployment = grafana(chart);
  deployment.containers[0]?.mount('/plugins', deployment.data.server.volume('plugins'));
  assert.throws(
    () => Testing.synth(chart),
    /set 'plugins' belongs to no workload, so nothing restores or saves it/,
  );
});

test('a server may be in another chart than its services', () => {
  const app = Testing.app();
  const data = nas(new Chart(app, 'infrastructure')).volume('grafana', { mountPath });
  const chart = new Chart(app, 'services');
  new BorgSyncedDeployment(chart, 'grafana', { containers: [application], data });
  assert.deepEqual(
    Testing.synth(chart).map((object) => object.kind),
    ['Deployment'],
  );
});

for (const path of ['', 'data', './data', '/', '//', '/a:b']) {
  test(`'${path}' is no mountPath`, () => {
    const server = nas(emptyChart());
    assert.throws(() => server.volume('grafana', { mountPath: path }), {
      message: `'mountPath' is '${path}', but must be an absolute path below '/', without ':'. For example '/var/lib/app'.`,
    });
  });
}

test('times that nobody sets are left to the sidecar', () => {
  const { BACKUP_INTERVAL, FINAL_BACKUP_TIMEOUT } = environment();
  assert.deepEqual([BACKUP_INTERVAL, FINAL_BACKUP_TIMEOUT], [undefined, undefined]);
});

test('times reach the sidecar', () => {
  const volume = { backupInterval: Duration.seconds(90), finalBackupTimeout: Duration.minutes(2) };
  const { BACKUP_INTERVAL, FINAL_BACKUP_TIMEOUT } = environment({ volume });
  assert.deepEqual([BACKUP_INTERVAL, FINAL_BACKUP_TIMEOUT], ['90s', '2m']);
});

for (const option of ['backupInterval', 'finalBackupTimeout', 'restoreTimeout']) {
  test(`${option} is at least a second`, () => {
    const server = nas(emptyChart());
    assert.throws(() => server.volume('grafana', { [option]: Duration.millis(999) }), {
      message: `'${option}' is 999ms, but must be at least 1s.`,
    });
  });
}
