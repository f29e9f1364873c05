/** What a container runtime leaves to root by default. */
export const runtimeCapabilities = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'],
];

export type Confinement = {
  /** Who runs it; the tests' own user by default. Anybody else needs root. */
  uid?: number;
  gid?: number;
  /** What root keeps; a container runtime's set by default. Another user keeps none. */
  capabilities?: readonly string[];
  /** A process namespace of its own, so that killing it ends everything in it, as a container's end does. */
  isolated?: boolean;
  /** The root file system is read-only but for these paths; implies `isolated`. */
  writableOnly?: readonly string[];
};

/** The command line that runs `command` confined. Its last process replaces all that came before it. */
export function confine(command: readonly string[], confinement: Confinement): string[] {
  const { isolated = false, writableOnly } = confinement;
  const inner = [...privileges(confinement), ...command];
  if (!isolated && writableOnly === undefined) return inner;
  const mounts = writableOnly === undefined ? [] : ['sh', '-euc', readOnly, 'sh', ...writableOnly, '--'];
  const unshare = ['unshare', '--fork', '--pid', '--kill-child=SIGKILL', '--mount-proc'];
  return ['setpriv', '--pdeathsig', 'KILL', ...unshare, ...mounts, ...inner];
}

/** A change of user clears the parent-death signal, hence it is asked for here, after that change. */
function privileges({ uid, gid = uid, capabilities = runtimeCapabilities }: Confinement): string[] {
  const setpriv = ['setpriv', '--pdeathsig', 'KILL'];
  if (process.getuid?.() !== 0) {
    if (uid !== undefined && uid !== process.getuid?.())
      throw new Error(`Only root can start a pod as ${uid}.`);
    return [...setpriv, '--no-new-privs'];
  }
  const none = uid !== undefined && uid !== 0;
  const bounding = none ? '-all' : ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const user = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const escalation = none ? ['--no-new-privs'] : [];
  return [...setpriv, ...user, `--bounding-set=${bounding}`, '--inh-caps=-all', ...escalation];
}

const readOnly = `
while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done; shift
mount -o remount,bind,ro /
exec "$@"`;
