import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiObject, Duration, Testing } from 'cdk8s';
import { BorgSyncedDeployment } from 'cdk8s-borg-volume-sync';
import { ContainerRestartPolicy, DeploymentStrategy, HorizontalPodAutoscaler } from 'cdk8s-plus-28';
import { application, deployment, emptyChart, grafana, mountPath, nas, pod } from './grafana.ts';

const EVICTABLE = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

function initContainerNames(containers: { name: string }[]): string[] {
  return containers.map(({ name }) => name);
}

test('one replica at a time', () => {
  const { spec } = deployment();
  assert.equal(spec.replicas, 1);
  assert.deepEqual(spec.strategy, { type: 'Recreate' });
});

test('a deployment may be turned off', () => {
  assert.equal(deployment({ props: { replicas: 0 } }).spec.replicas, 0);
});

test('Recreate may be said', () => {
  const { strategy } = deployment({ props: { strategy: DeploymentStrategy.recreate() } }).spec;
  assert.deepEqual(strategy, { type: 'Recreate' });
});

for (const replicas of [2, -1, 0.5]) {
  test(`${replicas} replicas are refused`, () => {
    assert.throws(
      () => deployment({ props: { replicas } }),
      new RegExp(`'replicas' is ${replicas}, but must be 1 or 0: the set 'grafana'.*Leave 'replicas' out`),
    );
  });
}

test('a rolling update is refused', () => {
  assert.throws(
    () => deployment({ props: { strategy: DeploymentStrategy.rollingUpdate() } }),
    /'strategy' is RollingUpdate, but must be Recreate.*Leave 'strategy' out/,
  );
});

test('an autoscaler is refused', () => {
  const chart = emptyChart();
  new HorizontalPodAutoscaler(chart, 'hpa', { target: grafana(chart), maxReplicas: 3 });
  assert.throws(
    () => Testing.synth(chart),
    /\[test\/grafana\] A HorizontalPodAutoscaler scales.*set 'grafana'/,
  );
});

test('the first container mounts the volume', () => {
  const containers = [application, { image: 'busybox', name: 'second', securityContext: { user: 1 } }];
  const [first, second] = pod({ props: { containers } }).containers;
  assert.deepEqual(first.volumeMounts, [{ name: 'borg-data', mountPath }]);
  assert.equal(second.volumeMounts, undefined);
});

test('the props stay as they are', () => {
  const mounts: [] = [];
  deployment({ props: { containers: [{ ...application, volumeMounts: mounts }] } });
  assert.deepEqual(mounts, []);
});

for (const containers of [undefined, []]) {
  test(`containers ${JSON.stringify(containers) ?? 'left out'} are refused`, () => {
    const chart = emptyChart();
    const data = nas(chart).volume('grafana', { mountPath });
    const props = containers === undefined ? { data } : { containers, data };
    assert.throws(
      () => new BorgSyncedDeployment(chart, 'grafana', props),
      /'containers' is empty, but the first one mounts the volume of the set 'grafana'/,
    );
  });
}

test('a volume without a mountPath is refused', () => {
  const chart = emptyChart();
  const data = nas(chart).volume('grafana');
  assert.throws(
    () => new BorgSyncedDeployment(chart, 'grafana', { containers: [application], data }),
    /The volume of the set 'grafana' has no 'mountPath'.*volume\('grafana', \{ mountPath:/,
  );
});

test('the sidecar comes before all other init containers', () => {
  const chart = emptyChart();
  const initContainers = [
    { image: 'migrate', name: 'migrate' },
    { image: 'proxy', name: 'proxy', restartPolicy: ContainerRestartPolicy.ALWAYS },
  ];
  const own = grafana(chart, { props: { initContainers } });
  own.addInitContainer({ image: 'late', name: 'late' });
  const { spec } = Testing.synth(chart)[0].spec.template;
  assert.deepEqual(initContainerNames(spec.initContainers), ['borg-volume-sync', 'migrate', 'proxy', 'late']);
  assert.equal(own.sidecar.name, 'borg-volume-sync');
});

test('the grace period holds the stop of the application, the last save and the exit', () => {
  assert.equal(pod().terminationGracePeriodSeconds, 30 + 300 + 30);
  const volume = { appGracePeriod: Duration.minutes(2), finalBackupTimeout: Duration.minutes(1) };
  assert.equal(pod({ volume }).terminationGracePeriodSeconds, 120 + 60 + 30);
  const props = { terminationGracePeriod: Duration.minutes(4) };
  assert.equal(pod({ props }).terminationGracePeriodSeconds, 240 + 300 + 30);
});

test('two times for the stop of the application are refused', () => {
  const volume = { appGracePeriod: Duration.minutes(2) };
  const props = { terminationGracePeriod: Duration.minutes(4) };
  assert.throws(
    () => pod({ volume, props }),
    /'terminationGracePeriod' is 4m and the volume's 'appGracePeriod' is 2m.*Leave one out/,
  );
});

test('a long restore is no failed rollout', () => {
  assert.equal(deployment().spec.progressDeadlineSeconds, 3_600 + 600);
  const volume = { restoreTimeout: Duration.minutes(10) };
  assert.equal(deployment({ volume }).spec.progressDeadlineSeconds, 1_200);
  const props = { progressDeadline: Duration.seconds(601) };
  assert.equal(deployment({ volume, props }).spec.progressDeadlineSeconds, 601);
});

test('a progress deadline that a restore can miss is refused', () => {
  const volume = { restoreTimeout: Duration.minutes(10) };
  assert.throws(
    () => deployment({ volume, props: { progressDeadline: Duration.minutes(10) } }),
    /'progressDeadline' is 10m, but must be above the volume's 'restoreTimeout' \(10m\).*Raise it, or leave it out/,
  );
});

test('the cluster autoscaler may evict the pod', () => {
  const { annotations } = deployment().spec.template.metadata;
  assert.deepEqual(annotations, { [EVICTABLE]: 'borg-data,borg-state,borg-tmp' });
});

test('every emptyDir is named to the cluster autoscaler', () => {
  const { metadata, spec } = deployment().spec.template;
  const emptyDirs = spec.volumes.filter((volume: { emptyDir?: object }) => volume.emptyDir !== undefined);
  assert.deepEqual(initContainerNames(emptyDirs).sort(), metadata.annotations[EVICTABLE].split(',').sort());
});

test("the pod's own annotations and labels stay", () => {
  const podMetadata = { annotations: { a: 'b', [EVICTABLE]: 'cache' }, labels: { app: 'grafana' } };
  const { metadata } = deployment({ props: { podMetadata } }).spec.template;
  assert.deepEqual(metadata.annotations, { a: 'b', [EVICTABLE]: 'cache,borg-data,borg-state,borg-tmp' });
  assert.equal(metadata.labels.app, 'grafana');
});

test('any other property of a deployment is kept', () => {
  const props = {
    hostNetwork: true,
    minReady: Duration.seconds(5),
    metadata: { name: 'mine' },
    spread: true,
  };
  const { metadata, spec } = deployment({ props });
  assert.equal(metadata.name, 'mine');
  assert.equal(spec.minReadySeconds, 5);
  assert.equal(spec.template.spec.hostNetwork, true);
  assert.equal(
    spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.length,
    2,
  );
});

test('the Deployment is the construct that escape hatches find', () => {
  assert.equal(ApiObject.of(grafana(emptyChart())).kind, 'Deployment');
});
