import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVER_USER, ServedVolume } from '../support/served-volume.ts';
import { Image } from './support/image.ts';
import { RuncContainer } from './support/runc-container.ts';

test('the image is the backup server too, as a user that nobody knows under a read-only root', async () => {
  const set = 'served-by-the-image';
  await using volume = await ServedVolume.make([set]);
  const mount = (path: string, to = path) => ({ from: path, to });
  const options = [
    '--repositories',
    volume.reposDir,
    '--keys',
    volume.keysDir,
    '--port',
    String(volume.port),
  ];
  const container = await RuncContainer.run(Image.open(), {
    hostname: 'server',
    args: ['serve', ...options],
    env: { LOG_LEVEL: 'debug' },
    mounts: [
      mount(volume.reposDir),
      { ...mount(volume.keysDir), readOnly: true },
      mount(volume.stateDir, '/var/lib/borg-volume-sync'),
    ],
    ...{ uid: SERVER_USER, gid: SERVER_USER, capabilities: [], readOnlyRoot: true, noNewPrivileges: true },
  });
  try {
    await container.log.event('server.listening');
    const init = await volume.borg(['init', '--encryption', 'none'], { set });
    assert.equal(init.exitCode, 0, `${init.stderr}\n${container.log.tail()}`);
    const create = await volume.borg(['create', '::first', volume.keysDir], { set });
    assert.equal(create.exitCode, 0, `${create.stderr}\n${container.log.tail()}`);
    assert.match((await volume.borg(['list'], { set })).stdout, /^first /);
    assert.equal((await container.terminate()).exitCode, 0, container.log.tail());
  } finally {
    await container.kill();
  }
});
