import type { Image } from './image.ts';

export type Mount = { readonly from: string; readonly to: string; readonly readOnly?: boolean };

/** What a pod says of a container, beside its image. */
export type RuntimeOptions = {
  readonly hostname: string;
  /** The program's arguments, in place of the image's `Cmd`. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** The image's user by default. */
  readonly uid?: number;
  readonly gid?: number;
  /** The pod's `fsGroup` and `supplementalGroups`. */
  readonly groups?: readonly number[];
  /** Without `cap_`, in small letters. */
  readonly capabilities: readonly string[];
  readonly readOnlyRoot?: boolean;
  readonly noNewPrivileges?: boolean;
};

/** A container's configuration as a container engine hands it to `runc`, in the network of this machine. */
export function runtimeSpec(image: Image, rootfs: string, id: string, options: RuntimeOptions) {
  const { config } = image;
  const { uid = 0, gid = 0, groups = [], args = config.Cmd ?? [], readOnlyRoot = false } = options;
  const capabilities = options.capabilities.map((name) => `CAP_${name.toUpperCase()}`);
  return {
    ociVersion: '1.0.2',
    root: { path: rootfs, readonly: readOnlyRoot },
    hostname: options.hostname,
    process: {
      user: { uid, gid, additionalGids: groups },
      args: [...config.Entrypoint, ...args],
      env: [
        ...config.Env,
        `HOSTNAME=${options.hostname}`,
        ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
      ],
      cwd: config.WorkingDir || '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: options.noNewPrivileges ?? false,
    },
    mounts: [...ENGINES_MOUNTS, ...options.mounts.map(bind)],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}

function bind({ from, to, readOnly = false }: Mount) {
  const options = ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'];
  return { destination: to, type: 'bind', source: from, options };
}

const tmpfs = (destination: string, ...options: string[]) => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

const ENGINES_MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  tmpfs('/dev', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  tmpfs('/dev/shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
];

/** What containerd hides of the machine, and what it lets nobody write. */
const MASKED = [
  ...[
    'acpi',
    'asound',
    'kcore',
    'keys',
    'latency_stats',
    'timer_list',
    'timer_stats',
    'sched_debug',
    'scsi',
  ].map((name) => `/proc/${name}`),
  '/sys/firmware',
];
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);
