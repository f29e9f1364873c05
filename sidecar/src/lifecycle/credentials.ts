import { join } from 'node:path';
import type { BorgEnvironment } from '../borg/command.ts';
import type { Where } from '../borg/reasons.ts';
import { SecretFile } from '../settings/secret-file.ts';
import type { Settings } from '../settings.ts';
import { CredentialError } from '../ssh/error.ts';
import { uncheckedHostKeyWarning } from '../ssh/known-hosts.ts';
import { userName } from '../ssh/passwd.ts';
import { Ssh } from '../ssh/ssh.ts';

/** What opens the repository: the way to the server and the passphrase, as the Secret has them now. */
export class Credentials {
  readonly #settings: Settings;
  readonly #path: string;
  readonly #ssh: Ssh | undefined;
  readonly #passphraseFile: SecretFile | undefined;

  /** @param path the `PATH` that borg and ssh are looked for in */
  constructor(settings: Settings, path: string) {
    this.#settings = settings;
    this.#path = path;
    const ownSsh = settings.REPO_BASE.server !== undefined && settings.BORG_RSH === undefined;
    this.#ssh = ownSsh
      ? new Ssh({
          secretDirectory: settings.SSH_KEY_DIR,
          directory: join(settings.STATE_DIR, 'ssh'),
          checking: settings.SSH_HOST_KEY_CHECKING,
          path,
        })
      : undefined;
    this.#passphraseFile =
      settings.BORG_PASSPHRASE_FILE === undefined ? undefined : new SecretFile(settings.BORG_PASSPHRASE_FILE);
  }

  /**
   * Reads whatever only root may be able to read. What is missing or broken is said by the first command that needs
   * it: where the application runs already, that must not end the program.
   */
  async readWhileRoot(): Promise<void> {
    await Promise.allSettled([this.#ssh?.readSecret(), this.#passphrase()]);
  }

  /** Says loudly that nobody has checked the server's key, if so. */
  async warnOfUncheckedHostKey(warn: (message: string) => void): Promise<void> {
    const { server } = this.#settings.REPO_BASE;
    if (
      this.#ssh &&
      server &&
      this.#settings.SSH_HOST_KEY_CHECKING !== 'strict' &&
      !(await this.#ssh.hasKnownHosts().catch(() => false))
    ) {
      warn(uncheckedHostKeyWarning(server, this.#settings.SSH_KEY_DIR));
    }
  }

  /** How the sentences about a repository name it. */
  describeRepository(repository: string): Where {
    const { server } = this.#settings.REPO_BASE;
    const host = server?.host ?? 'this pod';
    return {
      repository,
      host,
      port: server?.port ?? 22,
      login: server?.user ? `${server.user}@${host}` : host,
    };
  }

  /** What the next borg command runs with. */
  async environment(): Promise<BorgEnvironment> {
    const { BORG_PASSCOMMAND, BORG_REMOTE_PATH, BORG_RSH, STATE_DIR, passedOn } = this.#settings;
    const passphrase = await this.#passphrase();
    const unencrypted = passphrase === undefined && BORG_PASSCOMMAND === undefined;
    const connection = await this.#ssh?.connection();
    const rsh = connection?.command ?? BORG_RSH;
    return {
      passphrase,
      sshLog: connection?.log,
      variables: {
        ...passedOn,
        PATH: this.#path,
        HOME: STATE_DIR,
        // borg create fails for a user without a name.
        USER: userName(),
        LOGNAME: userName(),
        // Borg's JSON depends on the locale, and its dates on the time zone.
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        BORG_EXIT_CODES: 'modern',
        // This program compares the repository's id itself, and a pod remembers no place.
        BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
        ...(unencrypted ? { BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' } : {}),
        ...(BORG_PASSCOMMAND === undefined ? {} : { BORG_PASSCOMMAND }),
        ...(BORG_REMOTE_PATH === undefined ? {} : { BORG_REMOTE_PATH }),
        ...(rsh === undefined ? {} : { BORG_RSH: rsh }),
      },
    };
  }

  /** Ends the ssh-agent. */
  close(): void {
    this.#ssh?.close();
  }

  async #passphrase(): Promise<string | undefined> {
    if (this.#passphraseFile === undefined) {
      return this.#settings.BORG_PASSPHRASE;
    }
    const { path } = this.#passphraseFile;
    const text = await this.#passphraseFile.read().catch((error) => {
      throw new CredentialError(
        `BORG_PASSPHRASE_FILE is "${path}", which can't be read (${error.message}): correct its owner or mode.`,
      );
    });
    if (text === undefined) {
      throw new CredentialError(
        `BORG_PASSPHRASE_FILE is "${path}", and there is no such file: mount the Secret that holds it.`,
      );
    }
    return text.replace(/\r?\n$/, '');
  }
}
