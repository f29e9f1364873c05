import { Chart, Testing } from 'cdk8s';
import {
  BorgServer,
  BorgSyncedDeployment,
  type BorgSyncedDeploymentProps,
  type BorgSyncedVolumeOptions,
  type SshBorgServerOptions,
} from 'cdk8s-borg-volume-sync';
import type { ContainerProps } from 'cdk8s-plus-28';

export const application: ContainerProps = { image: 'grafana/grafana:12.1', securityContext: { user: 472 } };

export const mountPath = '/var/lib/grafana';

export function nas(chart: Chart, options: Partial<SshBorgServerOptions> = {}): BorgServer {
  return BorgServer.ssh(chart, 'nas', { base: 'borg@nas.lan:/srv/borg', secretName: 'borg', ...options });
}

/** What a test changes about the usual deployment. */
export interface Changes {
  readonly server?: Partial<SshBorgServerOptions>;
  readonly volume?: BorgSyncedVolumeOptions;
  readonly props?: Partial<BorgSyncedDeploymentProps>;
}

export function grafana(chart: Chart, { server, volume, props }: Changes = {}): BorgSyncedDeployment {
  return new BorgSyncedDeployment(chart, 'grafana', {
    containers: [application],
    data: nas(chart, server).volume('grafana', { mountPath, ...volume }),
    ...props,
  });
}

/** A fresh chart, alone in its own app. */
export function emptyChart(): Chart {
  return new Chart(Testing.app(), 'test');
}

/** The Deployment's manifest. */
export function deployment(changes: Changes = {}) {
  const chart = emptyChart();
  grafana(chart, changes);
  return Testing.synth(chart).find((object) => object.kind === 'Deployment');
}

/** The pod's spec in the Deployment's manifest. */
export function pod(changes: Changes = {}) {
  return deployment(changes).spec.template.spec;
}

/** The first init container's variables, by name. */
export function environment(changes: Changes = {}): Record<string, string> {
  const variables: { name: string; value: string }[] = pod(changes).initContainers[0].env;
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
