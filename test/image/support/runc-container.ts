import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { Container, type ContainerExit } from '../../support/container.ts';
import type { Limit } from '../../support/limit.ts';
import { descendants, processes } from '../../support/processes.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import type { Image } from './image.ts';
import { type RuntimeOptions, runtimeSpec } from './runtime-spec.ts';

type Bundle = { readonly directory: TemporaryDirectory; readonly id: string };

// The root file system is a layer over the image's. Its mount is in a namespace that ends with `runc`, so that none is
// left behind however this ends.
const RUN = `
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/rootfs"
exec runc --root "$2/state" run --bundle "$2" "$3"`;

/** A container of the image, run as a container engine runs it: its init, its namespaces, its control group. */
export class RuncContainer extends Container {
  readonly #bundle: Bundle;

  static async run(image: Image, options: RuntimeOptions): Promise<RuncContainer> {
    const directory = await TemporaryDirectory.make('image');
    const { path } = directory;
    const id = basename(path);
    for (const name of ['upper', 'work', 'rootfs']) await mkdir(join(path, name));
    const spec = runtimeSpec(image, join(path, 'rootfs'), id, options);
    await writeFile(join(path, 'config.json'), JSON.stringify(spec));
    return await new RuncContainer({ directory, id }, image).started();
  }

  private constructor(bundle: Bundle, image: Image) {
    const { path } = bundle.directory;
    const run = ['sh', '-euc', RUN, 'sh', image.rootfs, path, bundle.id];
    super(['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', ...run], {
      cwd: path,
      env: { PATH: process.env.PATH ?? '' },
    });
    this.#bundle = bundle;
  }

  /** What the container has written beside its mounts. */
  get written(): string {
    return join(this.#bundle.directory.path, 'upper');
  }

  /** The container's process 1, as this machine sees it: the signals of the kubelet go there. */
  get init(): number {
    const init = this.#init();
    if (init === undefined) throw new Error(`The container has no process 1.\n${this.log.tail()}`);
    return init;
  }

  /** Runs a command in the container beside the program, as `kubectl exec` and the kubelet's probes and hooks do. */
  async exec(...command: readonly string[]): Promise<string> {
    const { stdout } = await execa('runc', this.#runc('exec', this.#bundle.id, ...command), {
      stdin: 'ignore',
    });
    return stdout;
  }

  override signal(name: NodeJS.Signals): void {
    process.kill(this.init, name);
  }

  override async ended(limit?: Limit): Promise<ContainerExit> {
    const exit = await super.ended(limit);
    await this.#remove();
    return exit;
  }

  /** The program, which is the init's child. */
  protected override async find(): Promise<number | undefined> {
    const program = () => {
      const init = this.#init();
      return init && descendants(init).find(({ parent }) => parent === init)?.pid;
    };
    return await until(program, (pid) => pid !== undefined || !this.running, '20s');
  }

  protected override async end(): Promise<void> {
    await this.#remove();
  }

  /** While it starts, runc's child is runc still. */
  #init(): number | undefined {
    const children = processes().filter(({ parent }) => parent === this.spawned);
    return children.find(({ command }) => command.startsWith('/usr/bin/tini'))?.pid;
  }

  #runc(...args: readonly string[]): string[] {
    return ['--root', join(this.#bundle.directory.path, 'state'), ...args];
  }

  /** Nothing of it is left afterwards: process, mount, control group, file. */
  async #remove(): Promise<void> {
    await execa('runc', this.#runc('delete', '--force', this.#bundle.id));
    await this.#bundle.directory[Symbol.asyncDispose]();
  }
}
