import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct, type IConstruct } from 'constructs';
import type { BorgServer } from './borg-server';
import { atLeastOneSecond } from './duration';
import type { RunAs } from './run-as';
import { type SidecarVolumes, sidecarContainer } from './sidecar';

/**
 * Options for `BorgServer.volume`.
 */
export interface BorgSyncedVolumeOptions {
  /**
   * Where the application's container sees the volume.
   *
   * @default - It isn't mounted. `BorgSyncedDeployment` needs it.
   */
  readonly mountPath?: string;

  /**
   * Largest size of the volume. Kubernetes evicts a pod that goes above it.
   *
   * @default - No limit but the node's disk.
   */
  readonly sizeLimit?: Size;

  /**
   * No unsaved change gets older than this while the server answers.
   *
   * @default Duration.minutes(5)
   */
  readonly backupInterval?: Duration;

  /**
   * Time the last save, after the application has stopped, may take. It is added to the pod's grace period.
   *
   * @default Duration.minutes(5)
   */
  readonly finalBackupTimeout?: Duration;

  /**
   * Time a restore may take. The sidecar is restarted, and begins again, when it isn't done by then:
   * raise this for a large volume or a slow link.
   *
   * @default Duration.hours(1)
   */
  readonly restoreTimeout?: Duration;

  /**
   * Time the application itself needs to stop.
   *
   * @default - `terminationGracePeriod` of the workload, or 30 seconds.
   */
  readonly appGracePeriod?: Duration;

  /**
   * Image of the sidecar.
   *
   * @default - The image of this package's version.
   */
  readonly image?: string;

  /**
   * Resources of the sidecar.
   *
   * @default - 50m CPU and 128Mi of memory are requested; the limit is 512Mi of memory.
   */
  readonly resources?: kplus.ContainerResources;
}

/**
 * A volume that is kept in a Borg repository: filled from the newest archive before the application
 * starts, and saved while it runs and once more after it has stopped.
 */
export class BorgSyncedVolume extends Construct implements kplus.IStorage {
  /**
   * The server that keeps the archives.
   */
  public readonly server: BorgServer;

  /**
   * The set: the name of all archives of this volume, and of their repository.
   */
  public readonly archiveName: string;

  /**
   * The repository of this volume: one below the server's `base`.
   */
  public readonly repository: string;

  /**
   * Where the application's container sees the volume.
   *
   * @default - It isn't mounted.
   */
  public readonly mountPath?: string;

  /**
   * Time the last save may take.
   */
  public readonly finalBackupTimeout: Duration;

  /**
   * Time a restore may take.
   */
  public readonly restoreTimeout: Duration;

  /**
   * Time the application itself needs to stop.
   *
   * @default - What the workload says.
   */
  public readonly appGracePeriod?: Duration;

  private readonly options: BorgSyncedVolumeOptions;
  private readonly volumes: SidecarVolumes;
  private workload?: IConstruct;

  /**
   * @param server The server that keeps the archives.
   * @param set Name of all archives of one service, and of its repository below the server's `base`.
   */
  public constructor(server: BorgServer, set: string, options: BorgSyncedVolumeOptions = {}) {
    super(server, unusedSet(server, set));
    this.server = server;
    this.archiveName = set;
    this.repository = `${server.base.replace(/(?<=[^/:])\/+$/, '')}/${set}`;
    this.mountPath = options.mountPath === undefined ? undefined : usableMountPath(options.mountPath);
    this.finalBackupTimeout = atLeastOneSecond(
      'finalBackupTimeout',
      options.finalBackupTimeout ?? Duration.minutes(5),
    );
    this.restoreTimeout = atLeastOneSecond('restoreTimeout', options.restoreTimeout ?? Duration.hours(1));
    this.appGracePeriod = options.appGracePeriod;
    if (options.backupInterval !== undefined) {
      atLeastOneSecond('backupInterval', options.backupInterval);
    }
    this.options = options;
    this.volumes = {
      data: kplus.Volume.fromEmptyDir(this, 'Data', 'borg-data', { sizeLimit: options.sizeLimit }),
      // Readable by the pod's fsGroup, since the files of a Secret belong to root.
      ssh: kplus.Volume.fromSecret(this, 'Ssh', server.secret, { name: 'borg-ssh', defaultMode: 0o440 }),
      // On disk: what is written into memory would be charged to the sidecar.
      tmp: kplus.Volume.fromEmptyDir(this, 'Tmp', 'borg-tmp', { sizeLimit: Size.mebibytes(64) }),
      state: kplus.Volume.fromEmptyDir(this, 'State', 'borg-state'),
    };
    this.node.addValidation({ validate: () => [...this.unattached(), ...this.sharedRepository()] });
  }

  /**
   * The volume for `container.mount()`.
   *
   * @see IStorage.asVolume()
   */
  public asVolume(): kplus.Volume {
    return this.volumes.data;
  }

  /**
   * The sidecar that keeps this volume.
   *
   * @internal
   */
  public _sidecar(runAs: RunAs): kplus.ContainerProps {
    const { server, archiveName, options, restoreTimeout, volumes } = this;
    return sidecarContainer({ server, archiveName, options, restoreTimeout, volumes, runAs });
  }

  /**
   * The names of the volumes that may go with the node, since what counts in them is on the server.
   *
   * @internal
   */
  public get _evictable(): string[] {
    return [this.volumes.data.name, this.volumes.state.name, this.volumes.tmp.name];
  }

  /**
   * @internal
   */
  public _attach(workload: IConstruct): void {
    if (this.workload !== undefined) {
      throw new Error(
        `The volume of the set '${this.archiveName}' belongs to '${this.workload.node.path}', so '${workload.node.path}' can't have it too: ` +
          'two pods would overwrite each other. Give it a set of its own.',
      );
    }
    this.workload = workload;
  }

  private unattached(): string[] {
    return this.workload === undefined
      ? [
          `The volume of the set '${this.archiveName}' belongs to no workload, so nothing restores or saves it. Pass it to a BorgSyncedDeployment as 'data'.`,
        ]
      : [];
  }

  private sharedRepository(): string[] {
    return this.node.root.node
      .findAll()
      .filter(
        (other) =>
          other instanceof BorgSyncedVolume && other !== this && other.repository === this.repository,
      )
      .map(
        (other) =>
          `The repository '${this.repository}' is also that of '${other.node.path}': two pods would overwrite each other. Give one of them another set or another 'base'.`,
      );
  }
}

function unusedSet(server: BorgServer, set: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(set) || /\.fork-|\.checkpoint/.test(set)) {
    throw new Error(
      `'${set}' can't be the name of a set: it has only letters, digits, '.', '_' and '-', begins with a letter or digit, ` +
        "and has no '.fork-' and no '.checkpoint' in it. A directory belongs into the server's 'base'.",
    );
  }
  if (server.node.tryFindChild(set) !== undefined) {
    throw new Error(
      `The server '${server.node.path}' has a volume of the set '${set}' already, and two would overwrite each other. ` +
        `Use the one that the first volume('${set}') returned, or name another set.`,
    );
  }
  return set;
}

function usableMountPath(path: string): string {
  if (!path.startsWith('/') || /^\/+$/.test(path) || path.includes(':')) {
    throw new Error(
      `'mountPath' is '${path}', but must be an absolute path below '/', without ':'. For example '/var/lib/app'.`,
    );
  }
  return path;
}
