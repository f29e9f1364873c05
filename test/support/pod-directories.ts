import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { borgClient, compileCache, executable } from './paths.ts';

/** Whose the directories are; with a mode of their own where the kubelet sets one. */
export type Owner = { uid: number; gid: number; mode?: number };

/** What a pod mounts, as directories on this machine, and the settings that say where they are. */
export class PodDirectories {
  readonly dir: string;
  readonly dataDir: string;
  readonly sshKeyDir: string;
  readonly stateDir: string;
  readonly tmpDir: string;
  readonly readyFile: string;
  readonly stoppingFile: string;
  readonly terminationLog: string;

  constructor(dir: string) {
    this.dir = dir;
    this.dataDir = join(dir, 'data');
    this.sshKeyDir = join(dir, 'ssh-key');
    this.stateDir = join(dir, 'state');
    this.tmpDir = join(dir, 'tmp');
    this.readyFile = join(this.tmpDir, 'READY');
    this.stoppingFile = join(this.tmpDir, 'STOPPING');
    this.terminationLog = join(dir, 'termination-log');
  }

  /** What stays writable under a read-only root. */
  get writable(): string[] {
    return [this.dataDir, this.stateDir, this.tmpDir, this.terminationLog];
  }

  /** All that a container finds in its environment before anybody sets anything. */
  get environment(): Record<string, string> {
    return {
      PATH: `${dirname(executable(borgClient))}:/usr/bin:/bin`,
      HOME: this.dir,
      TMPDIR: this.tmpDir,
      DATA_DIR: this.dataDir,
      SSH_KEY_DIR: this.sshKeyDir,
      STATE_DIR: this.stateDir,
      READY_FILE: this.readyFile,
      STOPPING_FILE: this.stoppingFile,
      TERMINATION_LOG: this.terminationLog,
      HTTP_PORT: '0',
      STATUS_PORT: '0',
      LOG_LEVEL: 'debug',
      BORG_SELFTEST: 'disabled',
      // Reading the program's source anew takes three times what a start takes else.
      NODE_COMPILE_CACHE: compileCache,
    };
  }

  /** Empty volume, state and /tmp, as the next pod gets them. */
  async empty(owner: Owner): Promise<void> {
    await mkdir(this.sshKeyDir, { recursive: true });
    for (const dir of [this.dataDir, this.stateDir, this.tmpDir]) {
      await mkdir(dir, { recursive: true });
      for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true, force: true });
      await chown(dir, owner.uid, owner.gid);
      if (owner.mode !== undefined) await chmod(dir, owner.mode);
    }
    await chmod(this.tmpDir, owner.mode ?? 0o1777);
  }

  /** The kubelet gives each container an empty one that anybody may write. */
  async renewTerminationLog(owner: Owner): Promise<void> {
    await writeFile(this.terminationLog, '');
    await chmod(this.terminationLog, 0o666);
    await chown(this.terminationLog, owner.uid, owner.gid);
  }

  /** What the container has left in its termination log. */
  async lastWords(): Promise<string> {
    return await readFile(this.terminationLog, 'utf8');
  }
}
