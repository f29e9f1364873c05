import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { BorgSyncedVolume } from './borg-synced-volume';
import { asSetting, sum, wholeSeconds } from './duration';
import { runAsOf } from './run-as';

/**
 * Properties for `BorgSyncedDeployment`.
 *
 * All of `DeploymentProps`, where these mean something else:
 * `replicas` is 1 by default, and may be 0 but not more; `strategy` is `Recreate` and nothing else;
 * `terminationGracePeriod` is the application's own, to which the time for the last save is added;
 * `progressDeadline` is above `restoreTimeout`.
 */
export interface BorgSyncedDeploymentProps extends kplus.DeploymentProps {
  /**
   * The synced volume. The first container mounts it at its `mountPath`.
   */
  readonly data: BorgSyncedVolume;
}

/**
 * A deployment with a volume that is kept in a Borg repository.
 */
export class BorgSyncedDeployment extends kplus.Deployment {
  /**
   * The synced volume. Mount it into further containers with `container.mount()`.
   */
  public readonly data: BorgSyncedVolume;

  /**
   * The container that restores and saves the volume. It is the first init container.
   */
  public readonly sidecar: kplus.Container;

  public constructor(scope: Construct, id: string, props: BorgSyncedDeploymentProps) {
    super(scope, id, withSidecar(props));
    props.data._attach(this);
    this.data = props.data;
    this.sidecar = this.initContainers[0];
    this.node.addValidation({ validate: () => this.autoscaled() });
  }

  private autoscaled(): string[] {
    return this.hasAutoscaler
      ? [
          `A HorizontalPodAutoscaler scales this deployment, but the set '${this.data.archiveName}' can have one pod only. Remove the autoscaler.`,
        ]
      : [];
  }
}

const EVICTABLE_VOLUMES = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** What Kubernetes itself gives an application to stop, and a rollout to make progress. */
const DEFAULT_GRACE = Duration.seconds(30);
const DEFAULT_PROGRESS = Duration.minutes(10);

/** From the last save's time-out to the end of the pod: to close the repository and to exit. */
const EXIT_RESERVE = Duration.seconds(30);

function withSidecar(props: BorgSyncedDeploymentProps): kplus.DeploymentProps {
  const { data } = props;
  const [application, ...others] = containersOf(props);
  const runAs = runAsOf(application, props.securityContext);
  const mount = { path: mountPathOf(data), volume: data.asVolume() };
  return {
    ...props,
    replicas: replicasOf(props),
    strategy: strategyOf(props),
    containers: [{ ...application, volumeMounts: [...(application.volumeMounts ?? []), mount] }, ...others],
    // Kubernetes starts init containers in order, and what the others do may need the data.
    initContainers: [data._sidecar(runAs), ...(props.initContainers ?? [])],
    securityContext: {
      fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH,
      ...props.securityContext,
      // Without one, a new emptyDir and the files of the Secret belong to root alone.
      fsGroup: props.securityContext?.fsGroup ?? runAs.group ?? runAs.user,
    },
    terminationGracePeriod: sum(appGracePeriodOf(props), data.finalBackupTimeout, EXIT_RESERVE),
    progressDeadline: progressDeadlineOf(props),
    podMetadata: podMetadataOf(props),
  };
}

function containersOf({ containers, data }: BorgSyncedDeploymentProps): kplus.ContainerProps[] {
  if (containers === undefined || containers.length === 0) {
    throw new Error(
      `'containers' is empty, but the first one mounts the volume of the set '${data.archiveName}'. Pass it in the props, not with addContainer().`,
    );
  }
  return containers;
}

function mountPathOf(data: BorgSyncedVolume): string {
  if (data.mountPath === undefined) {
    throw new Error(
      `The volume of the set '${data.archiveName}' has no 'mountPath', so the application can't see it. Pass one: volume('${data.archiveName}', { mountPath: '/var/lib/app' }).`,
    );
  }
  return data.mountPath;
}

function replicasOf({ replicas = 1, data }: BorgSyncedDeploymentProps): number {
  if (replicas !== 0 && replicas !== 1) {
    throw new Error(
      `'replicas' is ${replicas}, but must be 1 or 0: the set '${data.archiveName}' can have one pod only, since each would save over the others. Leave 'replicas' out.`,
    );
  }
  return replicas;
}

function strategyOf({ strategy }: BorgSyncedDeploymentProps): kplus.DeploymentStrategy {
  if (strategy === undefined) {
    return kplus.DeploymentStrategy.recreate();
  }
  // The only way to ask a strategy for its type; cdk8s-plus has no public one.
  const { type } = (strategy as unknown as { _toKube(): { type: string } })._toKube();
  if (type !== 'Recreate') {
    throw new Error(
      `'strategy' is ${type}, but must be Recreate: a new pod would restore before the old one has saved. Leave 'strategy' out.`,
    );
  }
  return strategy;
}

function appGracePeriodOf({ terminationGracePeriod, data }: BorgSyncedDeploymentProps): Duration {
  const own = data.appGracePeriod;
  if (own && terminationGracePeriod && own.toMilliseconds() !== terminationGracePeriod.toMilliseconds()) {
    throw new Error(
      `'terminationGracePeriod' is ${asSetting(terminationGracePeriod)} and the volume's 'appGracePeriod' is ${asSetting(own)}, but both are the time the application itself needs to stop. Leave one out.`,
    );
  }
  return terminationGracePeriod ?? own ?? DEFAULT_GRACE;
}

function progressDeadlineOf({ progressDeadline, data }: BorgSyncedDeploymentProps): Duration {
  if (progressDeadline === undefined) {
    return sum(data.restoreTimeout, DEFAULT_PROGRESS);
  }
  if (wholeSeconds(progressDeadline) <= wholeSeconds(data.restoreTimeout)) {
    throw new Error(
      `'progressDeadline' is ${asSetting(progressDeadline)}, but must be above the volume's 'restoreTimeout' (${asSetting(data.restoreTimeout)}): a long restore would count as a failed rollout. Raise it, or leave it out.`,
    );
  }
  return progressDeadline;
}

function podMetadataOf({ podMetadata, data }: BorgSyncedDeploymentProps) {
  const annotations = podMetadata?.annotations ?? {};
  const names = annotations[EVICTABLE_VOLUMES]?.split(',') ?? [];
  return {
    ...podMetadata,
    annotations: { ...annotations, [EVICTABLE_VOLUMES]: [...names, ...data._evictable].join(',') },
  };
}
