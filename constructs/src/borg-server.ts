import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BorgSyncedVolume, type BorgSyncedVolumeOptions } from './borg-synced-volume';

/**
 * Options for `BorgServer.ssh`.
 */
export interface SshBorgServerOptions {
  /**
   * The directory on the server that holds the repositories, one for each set: `user@host:/path`,
   * `user@host:path` (below the user's home), or `ssh://user@host:port/path`.
   */
  readonly base: string;

  /**
   * Name of the Secret with the keys `ssh-privatekey`, `known_hosts` and, if the repositories are
   * encrypted, `passphrase`. It must be in the namespace of the pods.
   *
   * @default - `secret` is used.
   */
  readonly secretName?: string;

  /**
   * The same Secret as an object, in place of `secretName`.
   *
   * @default - `secretName` is used.
   */
  readonly secret?: kplus.ISecret;

  /**
   * Whether the repositories are encrypted with a passphrase that is kept in the Secret.
   *
   * @default true
   */
  readonly encrypted?: boolean;

  /**
   * The Secret's key that holds the passphrase. It is read as a file, so that a changed passphrase
   * needs no new pod.
   *
   * @default 'passphrase'
   */
  readonly passphraseKey?: string;
}

/**
 * A host with Borg on which archives are kept. Declare it once, and take a volume for each service from it.
 */
export class BorgServer extends Construct {
  /**
   * A server that is reached over SSH.
   */
  public static ssh(scope: Construct, id: string, options: SshBorgServerOptions): BorgServer {
    return new BorgServer(scope, id, options);
  }

  /**
   * The directory that holds the repositories, one for each set.
   */
  public readonly base: string;

  /**
   * The Secret with the private key, the known host keys, and the passphrase.
   */
  public readonly secret: kplus.ISecret;

  /**
   * The Secret's key that holds the passphrase.
   *
   * @default - The repositories aren't encrypted.
   */
  public readonly passphraseKey?: string;

  private constructor(scope: Construct, id: string, options: SshBorgServerOptions) {
    super(scope, id);
    this.base = sshBase(options.base);
    this.secret = this.secretOf(options);
    this.passphraseKey = passphraseKeyOf(options);
  }

  /**
   * The volume of a service. It is empty unless the set has archives: then it holds the newest one
   * before the service starts.
   *
   * @param set Name of all archives of one service, and of its repository below `base`.
   */
  public volume(set: string, options: BorgSyncedVolumeOptions = {}): BorgSyncedVolume {
    return new BorgSyncedVolume(this, set, options);
  }

  private secretOf(options: SshBorgServerOptions): kplus.ISecret {
    if (options.secret !== undefined && options.secretName !== undefined) {
      throw new Error(
        `The server '${this.node.path}' has both 'secretName' ('${options.secretName}') and 'secret' ('${options.secret.name}'). Leave one out.`,
      );
    }
    if (options.secret !== undefined) {
      return options.secret;
    }
    if (!options.secretName) {
      throw new Error(
        `The server '${this.node.path}' has no Secret. Set 'secretName' to the name of one with the keys 'ssh-privatekey' and 'known_hosts'.`,
      );
    }
    // The children of a server are its sets; no set's name begins with a dot.
    return kplus.Secret.fromSecretName(this, '.secret', options.secretName);
  }
}

// As the sidecar reads it. Braces are placeholders to Borg, so they can't stand for themselves.
const URL = /^ssh:\/\/(?:[^@:/\s{}]+@)?(?:\[[0-9a-fA-F:.]+\]|[^@:/[\]\s{}]+)(?::\d{1,5})?\/[^\s{}]*$/;
const SCP = /^(?:[^@:/\s{}]+@)?(?:\[[0-9a-fA-F:.]+\]|[^@:/[\]\s{}]+):[^\s{}]+$/;

function sshBase(base: string): string {
  if (!(base.includes('://') ? URL : SCP).test(base)) {
    throw new Error(
      `'base' is '${base}', but must be 'user@host:/path', 'user@host:path' or 'ssh://user@host:port/path'.`,
    );
  }
  return base;
}

function passphraseKeyOf(options: SshBorgServerOptions): string | undefined {
  if (options.encrypted === false) {
    if (options.passphraseKey !== undefined) {
      throw new Error(
        `'encrypted' is false, but 'passphraseKey' is '${options.passphraseKey}': an unencrypted repository has no passphrase. Leave one out.`,
      );
    }
    return undefined;
  }
  const key = options.passphraseKey ?? 'passphrase';
  if (!/^[A-Za-z0-9._-]+$/.test(key)) {
    throw new Error(
      `'passphraseKey' is '${key}', but a Secret's key has only letters, digits, '.', '_' and '-'.`,
    );
  }
  return key;
}
