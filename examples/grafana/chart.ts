import { type App, Chart, Size } from 'cdk8s';
import { BorgServer, BorgSyncedDeployment } from 'cdk8s-borg-volume-sync';

/** Grafana, whose database and plugins are kept on a NAS. */
export function grafana(app: App): Chart {
  const chart = new Chart(app, 'grafana', { disableResourceNameHashes: true });

  const nas = BorgServer.ssh(chart, 'nas', { base: 'borg@nas.lan:/srv/borg', secretName: 'borg' });

  new BorgSyncedDeployment(chart, 'grafana', {
    containers: [
      { image: 'grafana/grafana:12.1', ports: [{ number: 3000 }], securityContext: { user: 472 } },
    ],
    data: nas.volume('grafana', { mountPath: '/var/lib/grafana', sizeLimit: Size.gibibytes(1) }),
  });

  return chart;
}
