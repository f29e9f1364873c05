import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The demonstration's application as a process of its own. */
export class Service {
  readonly #process: ChildProcess;
  /** How far it had counted when it began. */
  readonly beganAt: number;

  private constructor(process: ChildProcess, beganAt: number) {
    this.#process = process;
    this.beganAt = beganAt;
  }

  /** Starts it; resolves when it runs. */
  static async start(directory: string): Promise<Service> {
    const child = fork(fileURLToPath(import.meta.resolve('./application.ts')), [directory], {
      detached: true,
    });
    const [message] = (await once(child, 'message')) as [{ count: number }];
    return new Service(child, message.count);
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Ends it as the kubelet does. */
  async stop(): Promise<void> {
    if (this.running) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
