/** `npm start`: a service loses its pod and gets its data back, through the real borg and a real sshd. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BorgServer } from '../../test/support/borg-server.ts';
import { Pod } from '../../test/support/pod.ts';
import { compare, type Snapshot, snapshot } from '../../test/support/snapshot.ts';
import { chapter, overhear, tell } from './narrator.ts';
import { Service } from './service.ts';

const SET = 'counter';
const PASSPHRASE = 'correct horse battery staple';
const INTERRUPTED = 130;

const stayUp = !process.argv.includes('--once');
// npm passes Ctrl-C on although the terminal has sent it already: the second must not end the cleaning up.
const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<number>();
process.on('SIGINT', () => interrupt(INTERRUPTED)).on('SIGTERM', () => interrupt(INTERRUPTED));
const stack = new AsyncDisposableStack();
const story = play(stack);
process.exitCode = await Promise.race([story, interrupted]).catch((error: unknown) => {
  console.error(`\nThe demonstration failed: ${(error as Error).message}`);
  return 1;
});
// What the story still waits for ends with the processes.
story.catch(() => {});
await stack.disposeAsync();
console.log('\nEverything that was started has ended, and every file is removed.');
process.exit();

async function play(stack: AsyncDisposableStack): Promise<number> {
  chapter('A backup server: its own sshd, and an encrypted Borg repository');
  const server = stack.use(await BorgServer.start());
  await server.init(SET, { encryption: 'repokey-blake2', passphrase: PASSPHRASE });
  tell(`sshd listens on 127.0.0.1:${server.port}; the repository is ${server.repository(SET)}.`);

  chapter('The first pod: the repository is empty, so the service starts with an empty volume');
  const pod = stack.use(await Pod.create({ server, set: SET, isolated: process.getuid?.() === 0 }));
  await startPod(pod);
  const first = stack.use(await Service.start(pod.dataDir));
  tell('The service runs: it has made 300 pictures and counts, each number on disk before the next.');

  chapter('What changed is saved while the service runs');
  await pod.event('save.done');
  await pod.next('save.done');

  chapter('The pod is deleted: the service ends first, then SIGTERM reaches the sidecar');
  await first.stop();
  const before = await snapshot(pod.dataDir);
  const words = await lastWords(pod);
  tell(`The service's last line, written after the last save: "${words}"`);
  const { exitCode } = await pod.terminate();
  expect(exitCode === 0, `the sidecar ended with exit code ${exitCode}`);
  await pod.newVolume();
  tell('The volume is thrown away, as an emptyDir is with its pod.');

  chapter('A new pod: the sidecar restores before the service may start');
  await startPod(pod);
  expectEqual(before, await snapshot(pod.dataDir));
  tell(
    `The volume is what it was, byte for byte: ${before.size} entries, and the last line is "${await lastWords(pod)}".`,
  );
  const second = stack.use(await Service.start(pod.dataDir));
  tell(`The service goes on counting at ${second.beganAt}.`);

  chapter("The sidecar's container is killed: the volume is live, so nothing is restored over it");
  await pod.event('save.done');
  await second.stop();
  const live = await snapshot(pod.dataDir);
  await pod.kill();
  await startPod(pod);
  expectEqual(live, await snapshot(pod.dataDir));
  tell('The data is untouched, though it was newer than the newest archive; now it is saved.');
  await pod.event('save.done');

  if (stayUp) {
    await keepRunning(pod, stack);
  }
  chapter('The end');
  const last = await pod.terminate();
  expect(last.exitCode === 0, `the sidecar ended with exit code ${last.exitCode}`);
  const archives = await server.archives(SET, PASSPHRASE);
  tell(`The repository holds ${archives.map(({ name }) => name).join(', ')}.`);
  return 0;
}

async function startPod(pod: Pod): Promise<void> {
  await pod.start({ BORG_PASSPHRASE: PASSPHRASE, BACKUP_INTERVAL: '3s', LOG_LEVEL: 'info' });
  overhear(pod.log);
  await pod.event('gate.opened');
}

async function keepRunning(pod: Pod, stack: AsyncDisposableStack): Promise<never> {
  stack.use(await Service.start(pod.dataDir));
  const { statusPort, httpPort } = await pod.event('server.listening');
  chapter('Everything stays up until Ctrl-C');
  tell(`Status page: http://127.0.0.1:${statusPort}/`);
  tell(`Metrics:     http://127.0.0.1:${httpPort}/metrics`);
  const { exitCode } = await pod.exit;
  throw new Error(`the sidecar ended by itself with exit code ${exitCode}`);
}

async function lastWords(pod: Pod): Promise<string> {
  const journal = await readFile(join(pod.dataDir, 'journal.log'), 'utf8');
  return journal.trimEnd().split('\n').at(-1) ?? '';
}

function expectEqual(expected: Snapshot, actual: Snapshot): void {
  const differences = compare(expected, actual);
  expect(differences.length === 0, `the volume differs: ${differences.slice(0, 5).join('; ')}`);
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new Error(otherwise);
  }
}
