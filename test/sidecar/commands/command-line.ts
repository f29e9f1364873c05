import { readdir } from 'node:fs/promises';
import { execa } from 'execa';
import { type Comment, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import type { BorgServer } from '../../support/borg-server.ts';
import { comment } from '../../support/comment.ts';
import type { Link } from '../../support/link.ts';
import { untilNoneUses } from '../../support/orphans.ts';
import { executable, node, sidecarEntry } from '../../support/paths.ts';
import { Pod } from '../../support/pod.ts';

export type Answer = { exitCode: number | undefined; stdout: string; stderr: string };
type Environment = Readonly<Record<string, string>>;

/** A pod whose sidecar need not run, and the program's other commands in its container, as `kubectl exec` runs them. */
export class CommandLine implements AsyncDisposable {
  readonly pod: Pod;
  readonly #env: Environment;

  static async in(server: BorgServer, set: string, link?: Link): Promise<CommandLine> {
    const pod = await Pod.create({ set, server, ...(link === undefined ? {} : { link }) });
    return CommandLine.of(pod, server, set, link?.port);
  }

  /** In the container of a pod that may run. */
  static of(pod: Pod, server: BorgServer, set: string, port = server.port): CommandLine {
    const identity = { HOSTNAME: pod.name, ARCHIVE_NAME: set, REPO_BASE: server.repoBaseAt(port) };
    return new CommandLine(pod, { ...pod.environment, ...identity });
  }

  private constructor(pod: Pod, env: Environment) {
    this.pod = pod;
    this.#env = env;
  }

  /** The program's process, for who wants to signal it. */
  spawn(args: readonly string[], env: Environment = {}) {
    return execa(executable(node), [sidecarEntry, ...args], { ...this.#options(env), stdin: 'ignore' });
  }

  /** The program on a terminal of its own, which types the answer once it is asked. */
  async type(args: readonly string[], question: string, answer: string): Promise<Omit<Answer, 'stderr'>> {
    const words = [executable(node), sidecarEntry, ...args].map((word) => `'${word}'`);
    const running = execa(
      executable('/usr/bin/script'),
      ['-qec', words.join(' '), '/dev/null'],
      this.#options({}),
    );
    let stdout = '';
    let answered = false;
    running.stdout.on('data', (data) => {
      stdout += data;
      if (!answered && stdout.includes(question)) {
        answered = true;
        running.stdin.write(answer);
      }
    });
    const { exitCode } = await running;
    return { exitCode, stdout };
  }

  async run(args: readonly string[], env: Environment = {}): Promise<Answer> {
    const { exitCode, stdout, stderr } = await this.spawn(args, env);
    return { exitCode, stdout: String(stdout), stderr: String(stderr) };
  }

  #options(env: Environment) {
    const { dir } = this.pod;
    return { env: { ...this.#env, ...env }, extendEnv: false, cwd: dir, reject: false } as const;
  }

  /** What commands have left in STATE_DIR, once their processes are gone: it must be nothing. */
  async leftovers(): Promise<string[]> {
    await untilNoneUses(this.pod.dir);
    return (await readdir(this.pod.stateDir)).filter((name) => name.startsWith('command-'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pod[Symbol.asyncDispose]();
  }
}

/** Puts an archive of any name into a set, with a comment of ours or without one. */
export async function putArchive(
  server: BorgServer,
  { set, name, directory, says }: { set: string; name: string; directory: string; says?: Partial<Comment> },
): Promise<string> {
  const text = says === undefined ? [] : ['--comment', writeComment(comment({ set, ...says }))];
  await server.borg(['create', ...text, `::${name}`, '.'], { set, cwd: directory });
  return name;
}
