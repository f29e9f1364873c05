import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { processesUsing } from '../../support/orphans.ts';
import { signal } from '../../support/processes.ts';
import { ServedVolume } from '../../support/served-volume.ts';
import { until, untilFile, untilGone } from '../../support/until.ts';

const set = 'held';

/** A server with one repository, and a `borg create` that goes on until its input ends. */
async function saving(volume: ServedVolume) {
  assert.equal((await volume.borg(['init', '-e', 'none'], { set })).exitCode, 0);
  const create = volume.spawn(['create', '::first', '-'], { set });
  create.stdin.write('the first half, ');
  await untilFile(lockOf(volume));
  // Not the process itself, which would be waited for.
  return { create };
}

const lockOf = (volume: ServedVolume) => join(volume.repository(set), 'lock.exclusive');

const sshdOf = (volume: ServedVolume) =>
  processesUsing(volume.dir).find(({ command }) => /^sshd: .* \[listener\]/.test(command));

test('after SIGTERM nobody is let in, and a save that runs is let finish', async () => {
  await using volume = await ServedVolume.make([set]);
  const server = await volume.listening();
  const { create } = await saving(volume);
  server.signal('SIGTERM');
  await server.log.event('server.ending');
  await server.log.event('sshd', ({ msg }) => String(msg).startsWith('Received signal 15'));
  assert.equal((await volume.ssh(set)).exitCode, 255);
  assert.equal(server.running, true);
  create.stdin.end('and the second');
  assert.equal((await create).exitCode, 0);
  assert.equal((await server.ended()).exitCode, 0);
  assert.deepEqual(server.log.seen('server.cut'), []);

  await volume.listening();
  assert.equal(
    (await volume.borg(['extract', '--stdout', '::first'], { set })).stdout,
    'the first half, and the second',
  );
});

test('a session that does not end in time is rolled back, and leaves no lock', async () => {
  await using volume = await ServedVolume.make([set]);
  const server = await volume.listening({ args: ['--grace', '100ms'] });
  const { create } = await saving(volume);
  assert.equal((await server.terminate()).exitCode, 0);
  assert.equal(server.log.seen('server.cut').length, 1, server.log.tail());
  // Borg notices when it has something to send.
  create.stdin.end();
  assert.notEqual((await create).exitCode, 0);
  await untilGone(lockOf(volume));
  const next = await volume.listening();
  assert.deepEqual(next.log.seen('server.unlocked'), []);
  assert.equal((await volume.borg(['list'], { set })).stdout, '');
});

test("a killed container's lock is gone with the next start, whoever has its process id by then", async () => {
  await using volume = await ServedVolume.make([set]);
  const server = await volume.listening();
  const { create } = await saving(volume);
  const [holder = ''] = await readdir(lockOf(volume));
  await server.kill();
  // Borg notices when it has something to send.
  create.stdin.end();
  assert.notEqual((await create).exitCode, 0);
  assert.deepEqual(await readdir(lockOf(volume)), [holder]);
  const next = await volume.listening();
  assert.deepEqual((await next.log.event('server.unlocked')).sets, [set]);
  assert.equal((await volume.borg(['create', '::second', volume.keysDir], { set })).exitCode, 0);
});

test('an sshd that dies ends the server with 1, and one whose server dies ends too', async () => {
  await using volume = await ServedVolume.make([set]);
  const server = await volume.listening();
  const sshd = sshdOf(volume);
  assert.ok(sshd);
  signal(sshd.pid, 'SIGKILL');
  assert.equal((await server.ended()).exitCode, 1);
  assert.match(String(server.log.seen('stopped')[0]?.msg), /^sshd ended with SIGKILL, though nobody/);

  const bare = await volume.listening({ bare: true });
  assert.notEqual(sshdOf(volume), undefined);
  bare.signal('SIGKILL');
  await bare.exit;
  await until(
    () => processesUsing(volume.dir),
    (left) => left.length === 0,
  );
});

test('a port that is taken is said, with what sshd says', async () => {
  await using volume = await ServedVolume.make([set]);
  await using other = await ServedVolume.make([set]);
  await volume.listening();
  const refused = await other.refuses({ port: volume.port });
  assert.equal(refused.exitCode, 3);
  assert.match(refused.sentence, /^sshd did not start, it ended with 255 .*Cannot bind any address/);
});
