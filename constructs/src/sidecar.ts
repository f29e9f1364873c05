import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import type { BorgServer } from './borg-server';
import type { BorgSyncedVolumeOptions } from './borg-synced-volume';
import { asSetting, wholeSeconds } from './duration';
import type { RunAs } from './run-as';

/** The image of this package's own version. */
const IMAGE = 'ghcr.io/borg-volume-sync/borg-volume-sync:0.1.0';

const HTTP_PORT = 9942;
const SSH_KEY_DIR = '/ssh-key';
const STARTUP_PERIOD = Duration.seconds(2);

/** The volumes that the sidecar mounts. */
export interface SidecarVolumes {
  readonly data: kplus.Volume;
  readonly ssh: kplus.Volume;
  readonly tmp: kplus.Volume;
  readonly state: kplus.Volume;
}

/** What the sidecar's container is made of. */
export interface SidecarOptions {
  readonly server: BorgServer;
  readonly archiveName: string;
  readonly options: BorgSyncedVolumeOptions;
  readonly restoreTimeout: Duration;
  readonly volumes: SidecarVolumes;
  readonly runAs: RunAs;
}

/**
 * The container that restores the volume, saves it, and outlives the application.
 *
 * It has no readiness probe: the startup probe already keeps the application from starting too early,
 * and afterwards `/ready` says nothing new, while a pod must stay ready when only its backups fail.
 */
export function sidecarContainer(sidecar: SidecarOptions): kplus.ContainerProps {
  return {
    name: 'borg-volume-sync',
    image: sidecar.options.image ?? IMAGE,
    imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
    restartPolicy: kplus.ContainerRestartPolicy.ALWAYS,
    ports: [{ name: 'borg-metrics', number: HTTP_PORT }],
    envVariables: environment(sidecar),
    ...health(sidecar.restoreTimeout),
    resources: sidecar.options.resources ?? {
      cpu: { request: kplus.Cpu.millis(50) },
      memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
    },
    securityContext: {
      ...sidecar.runAs,
      ensureNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: [kplus.Capability.ALL] },
      seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
    },
    volumeMounts: [
      { path: '/data', volume: sidecar.volumes.data },
      { path: SSH_KEY_DIR, volume: sidecar.volumes.ssh, readOnly: true },
      { path: '/tmp', volume: sidecar.volumes.tmp },
      { path: '/var/lib/borg-volume-sync', volume: sidecar.volumes.state },
    ],
  };
}

function health(restoreTimeout: Duration) {
  return {
    startup: kplus.Probe.fromHttpGet('/startup', {
      port: HTTP_PORT,
      periodSeconds: STARTUP_PERIOD,
      failureThreshold: Math.ceil(wholeSeconds(restoreTimeout) / STARTUP_PERIOD.toSeconds()),
    }),
    // Patient, since a restart ends a save that is under way.
    liveness: kplus.Probe.fromHttpGet('/live', {
      port: HTTP_PORT,
      periodSeconds: Duration.seconds(10),
      timeoutSeconds: Duration.seconds(5),
      failureThreshold: 6,
    }),
    // Kubernetes calls this when the pod's termination begins, while the application still runs.
    lifecycle: { preStop: kplus.Handler.fromCommand(['touch', '/tmp/STOPPING']) },
  };
}

function environment({ server, archiveName, options }: SidecarOptions): { [name: string]: kplus.EnvValue } {
  const settings: { [name: string]: string | undefined } = {
    ARCHIVE_NAME: archiveName,
    REPO_BASE: server.base,
    BORG_PASSPHRASE_FILE: server.passphraseKey && `${SSH_KEY_DIR}/${server.passphraseKey}`,
    SSH_HOST_KEY_CHECKING: 'strict',
    BACKUP_INTERVAL: options.backupInterval && asSetting(options.backupInterval),
    FINAL_BACKUP_TIMEOUT: options.finalBackupTimeout && asSetting(options.finalBackupTimeout),
  };
  const variables: { [name: string]: kplus.EnvValue } = {};
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) {
      variables[name] = kplus.EnvValue.fromValue(value);
    }
  }
  return variables;
}
