import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  flush,
  freeBytes,
  isEmpty,
  makeDirectories,
  takeOwnership,
  wipe,
} from '../../../sidecar/src/volume/contents.ts';
import { needsRoot, OTHER_USER, unprivileged } from '../../support/other-user.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { addOddities } from '../../support/volume.ts';

const never = new AbortController().signal;

function reserve(root: string): void {
  mkdirSync(join(root, '.borg-volume-sync'));
  writeFileSync(join(root, '.borg-volume-sync', 'state.json'), 'marker');
  mkdirSync(join(root, 'lost+found'));
  writeFileSync(join(root, 'lost+found', '#12'), 'found');
}

describe('an empty volume', () => {
  test('has nothing in it', async () => {
    await using volume = await TemporaryDirectory.make();
    assert.equal(await isEmpty(volume.path), true);
  });

  test('may have what is reserved', async () => {
    await using volume = await TemporaryDirectory.make();
    reserve(volume.path);
    assert.equal(await isEmpty(volume.path), true);
  });

  for (const name of ['file', '.hidden', 'lost+found2', '.borg-volume-sync.old']) {
    test(`has no ${name}`, async () => {
      await using volume = await TemporaryDirectory.make();
      reserve(volume.path);
      writeFileSync(join(volume.path, name), '');
      assert.equal(await isEmpty(volume.path), false);
    });
  }

  test('is none that is missing', async () => {
    await using directory = await TemporaryDirectory.make();
    await assert.rejects(isEmpty(join(directory.path, 'missing')), { code: 'ENOENT' });
  });
});

describe('wiping', () => {
  test('leaves nothing but what is reserved, however odd the names', async () => {
    await using volume = await TemporaryDirectory.make();
    reserve(volume.path);
    await addOddities(volume.path);
    for (const name of ['-rf', '--', 'new\nline', '*', '.hidden', 'lost+found2', ' ']) {
      writeFileSync(join(volume.path, name), '');
    }
    writeFileSync(Buffer.concat([Buffer.from(`${volume.path}/`), Buffer.from([0xff, 0xfe])]), '');
    await wipe(volume.path, never);
    assert.deepEqual(readdirSync(volume.path, { recursive: true }).sort(), [
      ...['.borg-volume-sync', '.borg-volume-sync/state.json', 'lost+found', 'lost+found/#12'],
    ]);
  });

  test('takes a reserved name elsewhere for any other', async () => {
    await using volume = await TemporaryDirectory.make();
    mkdirSync(join(volume.path, 'a', 'lost+found'), { recursive: true });
    await wipe(volume.path, never);
    assert.deepEqual(readdirSync(volume.path), []);
  });

  test('goes nowhere behind a symbolic link', async () => {
    await using elsewhere = await TemporaryDirectory.make();
    await using volume = await TemporaryDirectory.make();
    writeFileSync(join(elsewhere.path, 'kept'), '');
    symlinkSync(elsewhere.path, join(volume.path, 'link'));
    await wipe(volume.path, never);
    assert.deepEqual([readdirSync(volume.path), readdirSync(elsewhere.path)], [[], ['kept']]);
  });

  test('gets through directories that their owner may not write to', async () => {
    await using volume = await TemporaryDirectory.make();
    chmodSync(volume.path, 0o777);
    await unprivileged(async () => {
      mkdirSync(join(volume.path, 'a', 'b'), { recursive: true });
      writeFileSync(join(volume.path, 'a', 'b', 'f'), '');
      chmodSync(join(volume.path, 'a', 'b'), 0o555);
      chmodSync(join(volume.path, 'a'), 0);
      await wipe(volume.path, never);
    });
    assert.deepEqual(readdirSync(volume.path), []);
  });

  test('fails where something stays', { skip: needsRoot }, async () => {
    await using volume = await TemporaryDirectory.make();
    mkdirSync(join(volume.path, "root's"));
    await unprivileged(() => assert.rejects(wipe(volume.path, never)));
    assert.deepEqual(readdirSync(volume.path), ["root's"]);
  });

  test('that is not wanted any more throws the reason', async () => {
    await using volume = await TemporaryDirectory.make();
    writeFileSync(join(volume.path, 'file'), '');
    const reason = new Error('SIGTERM');
    await assert.rejects(wipe(volume.path, AbortSignal.abort(reason)), reason);
    assert.deepEqual(readdirSync(volume.path), ['file']);
  });
});

describe('taking ownership', { skip: needsRoot }, () => {
  const owner = { uid: OTHER_USER, gid: OTHER_USER + 1 };
  const ownerOf = (path: string) => {
    const { uid, gid } = lstatSync(path);
    return { uid, gid };
  };

  test('takes every entry, and no link its target', async () => {
    await using elsewhere = await TemporaryDirectory.make();
    await using volume = await TemporaryDirectory.make();
    mkdirSync(join(volume.path, 'a', 'b'), { recursive: true });
    const names = ['file', 'a/b/-f', 'lost+found2', '.borg-volume-sync.old', 'a/lost+found'];
    for (const name of names) {
      writeFileSync(join(volume.path, name), '');
    }
    symlinkSync(elsewhere.path, join(volume.path, 'link'));
    await takeOwnership(volume.path, owner);
    for (const name of [...names, 'a', 'a/b', 'link']) {
      assert.deepEqual(ownerOf(join(volume.path, name)), owner, name);
    }
    assert.deepEqual(ownerOf(elsewhere.path), { uid: 0, gid: 0 });
  });

  test("leaves the root and what is reserved, whatever the volume's path", async () => {
    await using directory = await TemporaryDirectory.make();
    const volume = join(directory.path, '[data] *');
    mkdirSync(volume);
    reserve(volume);
    writeFileSync(join(volume, 'file'), '');
    await takeOwnership(volume, owner);
    for (const name of [
      '',
      '.borg-volume-sync',
      '.borg-volume-sync/state.json',
      'lost+found',
      'lost+found/#12',
    ]) {
      assert.deepEqual(ownerOf(join(volume, name)), { uid: 0, gid: 0 }, name);
    }
    assert.deepEqual(ownerOf(join(volume, 'file')), owner);
  });

  test('has nothing to do in an empty volume', async () => {
    await using volume = await TemporaryDirectory.make();
    await takeOwnership(volume.path, owner);
    assert.deepEqual(ownerOf(volume.path), { uid: 0, gid: 0 });
  });
});

describe('making directories', () => {
  const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

  for (const mode of [0o755, 0o777, 0o2770]) {
    test(`each new one has the root's mode, ${mode.toString(8)}, whatever the umask`, async () => {
      await using volume = await TemporaryDirectory.make();
      chmodSync(volume.path, mode);
      await makeDirectories(volume.path, ['a', 'b/c/d']);
      for (const path of ['a', 'b', 'b/c', 'b/c/d']) {
        assert.equal(modeOf(join(volume.path, path)), mode.toString(8), path);
      }
    });
  }

  test('one that exists stays as it is', async () => {
    await using volume = await TemporaryDirectory.make();
    mkdirSync(join(volume.path, 'a'), { mode: 0o700 });
    await makeDirectories(volume.path, ['a', 'a/b']);
    assert.deepEqual([modeOf(join(volume.path, 'a')), modeOf(join(volume.path, 'a/b'))], ['700', '755']);
  });

  test('a file in its place is an error', async () => {
    await using volume = await TemporaryDirectory.make();
    writeFileSync(join(volume.path, 'a'), '');
    await assert.rejects(makeDirectories(volume.path, ['a']), {
      name: 'VolumeError',
      message: /"a" of MAKE_DIRS .*EEXIST.*correct MAKE_DIRS\.$/,
    });
  });
});

test('free bytes are those of the file system', async () => {
  await using volume = await TemporaryDirectory.make();
  const { blocks, bsize } = statfsSync(volume.path);
  const free = await freeBytes(volume.path);
  assert.ok(free > 0 && free < blocks * bsize, `${free}`);
});

test('a volume can be flushed, and one that is missing can not', async () => {
  await using volume = await TemporaryDirectory.make();
  await flush(volume.path);
  await assert.rejects(flush(join(volume.path, 'missing')));
});
