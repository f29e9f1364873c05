import type * as kplus from 'cdk8s-plus-28';

/** Whom a container runs as. */
export interface RunAs {
  readonly user: number;
  readonly group?: number;
}

/**
 * The sidecar runs as the application does, since only the owner of a file can restore its owner and
 * mode, and may read what the application made.
 */
export function runAsOf(application: kplus.ContainerProps, pod: kplus.PodSecurityContextProps = {}): RunAs {
  const user = application.securityContext?.user ?? pod.user;
  const group = application.securityContext?.group ?? pod.group;
  if (user === undefined) {
    throw new Error(
      `Nothing says which user the container '${application.name ?? 'main'}' (${application.image}) runs as, and the sidecar must run as the same. ` +
        'Set the number of that user as securityContext.user of the container, or of the pod.',
    );
  }
  if (user === 0) {
    throw new Error(
      `The container '${application.name ?? 'main'}' (${application.image}) runs as root (securityContext.user is 0), and the sidecar runs as the same user, but not as root. ` +
        'Set securityContext.user to a number above 0 that the application can run as.',
    );
  }
  return group === undefined ? { user } : { user, group };
}
