import { execa } from 'execa';

export type SshdSettings = {
  port: number;
  hostKey: string;
  authorizedKeys: string;
  /** What a session's environment holds; sshd replaces its own PATH by this one. */
  environment: Readonly<Record<string, string>>;
  maxStartups: string;
  /** Lines that win over those below. */
  extra: readonly string[];
};

export async function sshdConfig(settings: SshdSettings): Promise<string> {
  const environment = Object.entries(settings.environment).map(([name, value]) => `"${name}=${value}"`);
  return [
    ...settings.extra,
    'ListenAddress 127.0.0.1',
    `Port ${settings.port}`,
    `HostKey ${settings.hostKey}`,
    `AuthorizedKeysFile ${settings.authorizedKeys}`,
    `SetEnv ${environment.join(' ')}`,
    `MaxStartups ${settings.maxStartups}`,
    'AuthenticationMethods publickey',
    // A third of a connection's time goes into the default's post-quantum half.
    'KexAlgorithms curve25519-sha256',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'PermitUserRC no',
    'PidFile none',
    'PrintLastLog no',
    'PrintMotd no',
    'StrictModes no',
    'UseDNS no',
    'UsePAM no',
    ...(await penaltiesOff()),
    '',
  ].join('\n');
}

/** From 9.8 on, sshd shuts out an address for a while after failed logins: here, all of loopback. */
async function penaltiesOff(): Promise<string[]> {
  const { stderr } = await execa('ssh', ['-V']);
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? [];
  return Number(major) * 100 + Number(minor) >= 908 ? ['PerSourcePenalties no'] : [];
}
