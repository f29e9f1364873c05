import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod } from './grafana.ts';

const image = 'grafana/grafana:12.1';

test("the sidecar runs as the application's container does", () => {
  const containers = [{ image, securityContext: { user: 472, group: 470 } }];
  const securityContext = { user: 1000, group: 1000 };
  const sidecar = pod({ props: { containers, securityContext } }).initContainers[0];
  assert.equal(sidecar.securityContext.runAsUser, 472);
  assert.equal(sidecar.securityContext.runAsGroup, 470);
});

test("the sidecar runs as the pod's user where the container names none", () => {
  const sidecar = pod({ props: { containers: [{ image }], securityContext: { user: 1000, group: 1001 } } })
    .initContainers[0];
  assert.equal(sidecar.securityContext.runAsUser, 1000);
  assert.equal(sidecar.securityContext.runAsGroup, 1001);
});

test('an application whose user nobody names is refused', () => {
  assert.throws(
    () => pod({ props: { containers: [{ image }] } }),
    /which user the container 'main' \(grafana\/grafana:12\.1\) runs as.*securityContext\.user/,
  );
});

test('an application that runs as root is refused', () => {
  assert.throws(
    () => pod({ props: { containers: [{ image, name: 'web', securityContext: { user: 0 } }] } }),
    /'web'.*runs as root.*Set securityContext\.user to a number above 0/,
  );
});

test("the pod's fsGroup is the user, so that volumes and Secret can be used", () => {
  assert.equal(pod().securityContext.fsGroup, 472);
  assert.equal(pod().securityContext.fsGroupChangePolicy, 'OnRootMismatch');
});

test("the pod's fsGroup is the group where there is one", () => {
  const containers = [{ image, securityContext: { user: 472, group: 0 } }];
  assert.equal(pod({ props: { containers } }).securityContext.fsGroup, 0);
});

test("the pod's own fsGroup stays", () => {
  const { securityContext } = pod({ props: { securityContext: { fsGroup: 2000, ensureNonRoot: false } } });
  assert.equal(securityContext.fsGroup, 2000);
  assert.equal(securityContext.runAsNonRoot, false);
});
