import { runtimeCapabilities } from '../../support/container-command.ts';
import { defined, type Launch, Pod, type PodOptions } from '../../support/pod.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { Image } from './image.ts';
import { RuncContainer } from './runc-container.ts';
import type { Mount } from './runtime-spec.ts';

type VolumeName = 'data' | 'ssh-key' | 'state' | 'tmp';

export type ImagePodOptions = PodOptions & {
  /** The volumes that are mounted; all of them by default. */
  volumes?: readonly VolumeName[];
  /** As the restricted profile of Kubernetes has it. */
  noNewPrivileges?: boolean;
};

/** A pod whose container is the image, with nothing but what a manifest says. */
export class ImagePod extends Pod {
  readonly #options: ImagePodOptions;
  #current: RuncContainer | undefined;

  static override async create(options: ImagePodOptions): Promise<ImagePod> {
    return await Pod.prepared(new ImagePod(await TemporaryDirectory.make('pod'), options));
  }

  private constructor(directory: TemporaryDirectory, options: ImagePodOptions) {
    super(directory, options);
    this.#options = options;
  }

  override get container(): RuncContainer {
    if (!this.#current) throw new Error('The pod has no container yet: call start().');
    return this.#current;
  }

  /** As the preStop hook of the manifests does it. */
  override async prestop(): Promise<void> {
    await this.container.exec('touch', '/tmp/STOPPING');
  }

  protected override async launch({ args, env, uid, gid, ...rest }: Launch): Promise<RuncContainer> {
    const { fsGroup, noNewPrivileges } = this.#options;
    const none = uid !== undefined && uid !== 0;
    this.#current = await RuncContainer.run(Image.open(), {
      hostname: this.name,
      ...(args && { args }),
      // Containers share the network of this machine.
      env: defined({ HTTP_PORT: '0', STATUS_PORT: '0', LOG_LEVEL: 'debug', ...env }),
      mounts: this.#mounts(),
      ...(uid !== undefined && { uid, gid: gid ?? (fsGroup === undefined ? uid : 0) }),
      ...(fsGroup !== undefined && { groups: [fsGroup] }),
      capabilities: rest.capabilities ?? (none ? [] : runtimeCapabilities),
      ...(rest.readOnlyRoot && { readOnlyRoot: true }),
      noNewPrivileges: noNewPrivileges ?? none,
    });
    return this.#current;
  }

  #mounts(): Mount[] {
    const all: Record<VolumeName, Mount> = {
      data: { from: this.dataDir, to: '/data' },
      'ssh-key': { from: this.sshKeyDir, to: '/ssh-key', readOnly: true },
      state: { from: this.stateDir, to: '/var/lib/borg-volume-sync' },
      tmp: { from: this.tmpDir, to: '/tmp' },
    };
    const names = this.#options.volumes ?? (Object.keys(all) as VolumeName[]);
    return [{ from: this.terminationLog, to: '/dev/termination-log' }, ...names.map((name) => all[name])];
  }
}
