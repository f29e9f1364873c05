import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { declarations } from '../../sidecar/src/settings.ts';
import { environment, pod } from './grafana.ts';

function sidecar(changes: Parameters<typeof pod>[0] = {}) {
  return pod(changes).initContainers[0];
}

test("the image is that of the package's version", async () => {
  const manifest = new URL('../../constructs/package.json', import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, 'utf8'));
  assert.equal(sidecar().image, `ghcr.io/borg-volume-sync/borg-volume-sync:${version}`);
});

test('image and resources can be chosen', () => {
  const resources = { cpu: { request: Cpu.millis(10) }, memory: { limit: Size.gibibytes(1) } };
  const chosen = sidecar({ volume: { image: 'registry.lan/borg:1', resources } });
  assert.equal(chosen.image, 'registry.lan/borg:1');
  assert.deepEqual(chosen.resources, { requests: { cpu: '10m' }, limits: { memory: '1024Mi' } });
});

test('the sidecar outlives the application', () => {
  assert.equal(sidecar().name, 'borg-volume-sync');
  assert.equal(sidecar().restartPolicy, 'Always');
});

test('the application starts only after the restore', () => {
  const { startupProbe } = sidecar();
  assert.deepEqual(startupProbe, {
    httpGet: { path: '/startup', port: 9942, scheme: 'HTTP' },
    periodSeconds: 2,
    failureThreshold: 1_800,
  });
});

test('the startup probe lasts no shorter than a restore may', () => {
  assert.equal(
    sidecar({ volume: { restoreTimeout: Duration.seconds(61) } }).startupProbe.failureThreshold,
    31,
  );
});

test("the sidecar's health doesn't hang on its backups", () => {
  assert.equal(sidecar().livenessProbe.httpGet.path, '/live');
  assert.equal(sidecar().readinessProbe, undefined);
});

test('the sidecar hears at once that the pod is going', () => {
  assert.deepEqual(sidecar().lifecycle, { preStop: { exec: { command: ['touch', '/tmp/STOPPING'] } } });
});

test('metrics have a named port', () => {
  assert.deepEqual(sidecar().ports, [{ name: 'borg-metrics', containerPort: 9942 }]);
});

test('the sidecar fits the restricted pod security standard', () => {
  assert.deepEqual(sidecar().securityContext, {
    runAsUser: 472,
    runAsNonRoot: true,
    privileged: false,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  });
});

test('whatever the sidecar writes has a volume', () => {
  assert.deepEqual(sidecar().volumeMounts, [
    { name: 'borg-data', mountPath: '/data' },
    { name: 'borg-ssh', mountPath: '/ssh-key', readOnly: true },
    { name: 'borg-tmp', mountPath: '/tmp' },
    { name: 'borg-state', mountPath: '/var/lib/borg-volume-sync' },
  ]);
  const { volumes } = pod();
  assert.deepEqual(
    volumes.filter(({ name }: { name: string }) => name === 'borg-tmp' || name === 'borg-state'),
    [
      { name: 'borg-tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'borg-state', emptyDir: {} },
    ],
  );
});

test('the sidecar knows every setting, and takes every value', () => {
  const volume = { backupInterval: Duration.minutes(1), finalBackupTimeout: Duration.minutes(2) };
  const variables = environment({ volume });
  assert.deepEqual(Object.keys(variables), [
    'ARCHIVE_NAME',
    'REPO_BASE',
    'BORG_PASSPHRASE_FILE',
    'SSH_HOST_KEY_CHECKING',
    'BACKUP_INTERVAL',
    'FINAL_BACKUP_TIMEOUT',
  ]);
  for (const [name, value] of Object.entries(variables)) {
    const { kind } = declarations[name as keyof typeof declarations] ?? {};
    assert.notEqual(kind?.parse(value), undefined, `${name}=${value}`);
  }
});

test('an unknown host key is an error', () => {
  assert.equal(environment().SSH_HOST_KEY_CHECKING, 'strict');
});
