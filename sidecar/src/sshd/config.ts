import { FALLBACK_USER } from '../ssh/passwd.ts';

/** What of `sshd_config` differs from one server to the next. */
export interface SshdSettings {
  readonly port: number;
  readonly hostKey: string;
  readonly authorizedKeys: string;
  /** What a session's environment holds beside its user's name, home and shell. */
  readonly environment: Readonly<Record<string, string>>;
  /** What `sshd -V` says. */
  readonly version: string;
}

/** `sshd_config`: public keys only, and whoever logs in can do nothing but what stands beside the key. */
export function sshdConfig({ port, hostKey, authorizedKeys, environment, version }: SshdSettings): string {
  const variables = Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`));
  return [
    `Port ${port}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    `AllowUsers ${FALLBACK_USER}`,
    `SetEnv ${variables.join(' ')}`,
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin no',
    'UsePAM no',
    'DisableForwarding yes',
    'PermitTTY no',
    'PermitTunnel no',
    'PermitUserEnvironment no',
    'PermitUserRC no',
    'PrintMotd no',
    'PrintLastLog no',
    'PidFile none',
    // A group may read what an fsGroup has passed on.
    'StrictModes no',
    'UseDNS no',
    // Without these a client that is gone keeps its lock.
    'ClientAliveInterval 10',
    'ClientAliveCountMax 30',
    'LoginGraceTime 30',
    // After a power failure all pods come at once.
    'MaxStartups 100:30:300',
    ...penalties(version),
    '',
  ].join('\n');
}

/**
 * From 9.8 on, sshd shuts out an address for a while after failed logins. Behind one node's address are many pods, of
 * which one has a wrong key; and a key can't be guessed.
 */
function penalties(version: string): string[] {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 100 + Number(minor) >= 908 ? ['PerSourcePenalties no'] : [];
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
