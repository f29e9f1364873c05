import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { type Fingerprint, takeFingerprint } from '../../../sidecar/src/volume/fingerprint.ts';
import { needsRoot, OTHER_USER } from '../../support/other-user.ts';
import { FakePace } from '../../support/pace.ts';
import { node, repositoryRoot } from '../../support/paths.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const then = new Date('2026-01-02T03:04:05.678Z');

function look(root: string, isExcluded: (path: string) => boolean = () => false): Promise<Fingerprint> {
  return takeFingerprint(root, isExcluded, new FakePace());
}

/** A directory, a file in it with two names, a link, and a database. */
async function makeVolume(): Promise<TemporaryDirectory> {
  const volume = await TemporaryDirectory.make();
  mkdirSync(join(volume.path, 'd'));
  writeFileSync(join(volume.path, 'd', 'f'), 'content');
  writeFileSync(join(volume.path, 'g'), 'other');
  symlinkSync('d/f', join(volume.path, 'link'));
  writeFileSync(join(volume.path, 'db'), 'SQLite');
  for (const path of ['d/f', 'g', 'db', 'd']) {
    utimesSync(join(volume.path, path), then, then);
  }
  return volume;
}

type Change = [name: string, change: (at: (path: string) => string) => unknown, skip?: string | false];

const changes: Change[] = [
  ['more content', (at) => writeFileSync(at('d/f'), 'more content')],
  [
    'other content of the same size with the old time stamp',
    (at) => {
      writeFileSync(at('d/f'), 'CONTENT');
      utimesSync(at('d/f'), then, then);
    },
  ],
  ['a time stamp', (at) => utimesSync(at('d/f'), then, new Date(0))],
  ["a file's mode", (at) => chmodSync(at('d/f'), 0o640)],
  ["a directory's mode", (at) => chmodSync(at('d'), 0o2755)],
  ["a file's owner", (at) => chownSync(at('d/f'), OTHER_USER, 0), needsRoot],
  ["a file's group", (at) => chownSync(at('d/f'), 0, OTHER_USER), needsRoot],
  ["a directory's owner", (at) => chownSync(at('d'), OTHER_USER, 0), needsRoot],
  ["a directory's group", (at) => chownSync(at('d'), 0, OTHER_USER), needsRoot],
  ["a file's name", (at) => renameSync(at('g'), at('h'))],
  ["a directory's name", (at) => renameSync(at('d'), at('da'))],
  ['a file in another directory', (at) => renameSync(at('g'), at('d/g'))],
  [
    'two files that changed places',
    (at) => {
      renameSync(at('g'), at('x'));
      renameSync(at('d/f'), at('g'));
      renameSync(at('x'), at('d/f'));
    },
  ],
  ['a file that is gone', (at) => rmSync(at('g'))],
  ['a directory that is gone', (at) => rmSync(at('d'), { recursive: true })],
  ['an empty file', (at) => writeFileSync(at('new'), '')],
  ['an empty directory', (at) => mkdirSync(at('new'))],
  [
    "a symbolic link's target",
    (at) => {
      rmSync(at('link'));
      symlinkSync('d/g', at('link'));
      lutimesSync(at('link'), then, then);
    },
  ],
  ['a further name', (at) => linkSync(at('d/f'), at('second'))],
  ['a fifo', (at) => execa('mkfifo', [at('fifo')])],
  [
    'a file in place of a directory',
    (at) => {
      rmSync(at('d'), { recursive: true });
      writeFileSync(at('d'), '');
    },
  ],
  ['what is reserved, elsewhere', (at) => mkdirSync(at('d/lost+found'))],
  ['a -wal with content', (at) => writeFileSync(at('db-wal'), 'x')],
  ['an empty -wal without its database', (at) => writeFileSync(at('other-wal'), '')],
  ['a -shm without its database', (at) => writeFileSync(at('other-shm'), '')],
  ['a -shm that is a directory', (at) => mkdirSync(at('db-shm'))],
  ['a -shm whose database is elsewhere', (at) => writeFileSync(at('d/db-shm'), '')],
  ['a journal', (at) => writeFileSync(at('db-journal'), '')],
];

test('a database that its application opens and closes without writing is the same', async () => {
  for (const mode of ['WAL', 'DELETE']) {
    await using volume = await TemporaryDirectory.make();
    const path = join(volume.path, 'app.db');
    const open = () => new DatabaseSync(path);
    const made = open();
    made.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE t (n); INSERT INTO t VALUES (1)`);
    made.close();
    const { digest } = await look(volume.path);
    const opened = open();
    assert.deepEqual({ ...opened.prepare('SELECT n FROM t').get() }, { n: 1 });
    assert.equal((await look(volume.path)).digest, digest, `${mode}, open`);
    opened.close();
    assert.equal((await look(volume.path)).digest, digest, `${mode}, closed`);
  }
});

describe('a change', () => {
  for (const [name, change, skip = false] of changes) {
    test(`${name} changes the fingerprint`, { skip }, async () => {
      await using volume = await makeVolume();
      const before = await look(volume.path);
      await change((path) => join(volume.path, path));
      assert.notEqual((await look(volume.path)).digest, before.digest);
    });
  }
});

const nothings: Change[] = [
  ['nothing at all', () => {}],
  ['reading', (at) => void readFileSync(at('d/f'))],
  [
    'the marker',
    (at) => {
      mkdirSync(at('.borg-volume-sync'));
      writeFileSync(at('.borg-volume-sync/state.json'), '{}');
    },
  ],
  ['lost+found', (at) => mkdirSync(at('lost+found'))],
  ['a -shm', (at) => writeFileSync(at('db-shm'), 'x'.repeat(32_768))],
  ['an empty -wal', (at) => writeFileSync(at('db-wal'), '')],
  ["a directory's time stamp", (at) => utimesSync(at('d'), then, new Date(0))],
  [
    'a file that came and went',
    (at) => {
      writeFileSync(at('d/x'), '');
      rmSync(at('d/x'));
    },
  ],
  ["the root's mode", (at) => chmodSync(at('.'), 0o2777)],
  ['what is excluded', (at) => writeFileSync(at('excluded'), 'x')],
  [
    'what lies in an excluded directory',
    (at) => {
      mkdirSync(at('d/excluded'));
      writeFileSync(at('d/excluded/x'), 'x');
    },
  ],
];

describe('no change', () => {
  for (const [name, change] of nothings) {
    test(`${name} leaves the fingerprint as it is`, async () => {
      await using volume = await makeVolume();
      const isExcluded = (path: string) => path.split('/').includes('excluded');
      const before = await look(volume.path, isExcluded);
      await change((path) => join(volume.path, path));
      assert.deepEqual(await look(volume.path, isExcluded), before);
    });
  }

  test('a socket leaves the fingerprint as it is', async () => {
    await using volume = await makeVolume();
    const before = await look(volume.path);
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(volume.path, 'socket'), resolve);
    });
    try {
      assert.ok(lstatSync(join(volume.path, 'socket')).isSocket());
      assert.deepEqual(await look(volume.path), before);
    } finally {
      server.close();
    }
  });
});

describe('what is counted', () => {
  test('files are all but directories, and bytes those of files', async () => {
    await using volume = await makeVolume();
    const { files, bytes } = await look(volume.path);
    assert.deepEqual([files, bytes], [4, 'content'.length + 'other'.length + 'SQLite'.length]);
  });

  test('a file with several names is several files and once its bytes', async () => {
    await using volume = await makeVolume();
    const before = await look(volume.path);
    linkSync(join(volume.path, 'd/f'), join(volume.path, 'd/second'));
    linkSync(join(volume.path, 'd/f'), join(volume.path, 'third'));
    const after = await look(volume.path);
    assert.deepEqual([after.files, after.bytes], [before.files + 2, before.bytes]);
  });

  test('an empty volume has nothing', async () => {
    await using volume = await TemporaryDirectory.make();
    const { files, bytes, unreadable } = await look(volume.path);
    assert.deepEqual([files, bytes, unreadable], [0, 0, []]);
  });

  test('exclusion is asked for paths as Borg matches them', async () => {
    await using volume = await makeVolume();
    writeFileSync(Buffer.concat([Buffer.from(`${volume.path}/ü`), Buffer.from([0xff])]), '');
    const asked: string[] = [];
    await look(volume.path, (path) => asked.push(path) < 0);
    assert.deepEqual(asked, ['d', 'db', 'g', 'link', 'ü\udcff', 'd/f']);
  });
});

describe('what can not be read', () => {
  /** The fingerprint that another user takes: which rights count is a process's own affair. */
  async function lookAsOther(root: string): Promise<Fingerprint> {
    const module = join(repositoryRoot, 'sidecar/src/volume/fingerprint.ts');
    const code = `
      const { takeFingerprint } = await import(${JSON.stringify(module)});
      const pace = { now: () => 0, async pause() {} };
      console.log(JSON.stringify(await takeFingerprint(${JSON.stringify(root)}, () => false, pace)));`;
    const { stdout } = await execa(node, ['--input-type=module', '--eval', code], {
      ...(needsRoot === false ? { uid: OTHER_USER, gid: OTHER_USER } : {}),
      cwd: '/',
    });
    return JSON.parse(stdout);
  }

  test('is named, and is part of the fingerprint', async () => {
    await using volume = await makeVolume();
    const open = await lookAsOther(volume.path);
    assert.deepEqual(open.unreadable, []);
    // Its content would not count.
    writeFileSync(join(volume.path, 'db-shm'), '', { mode: 0 });
    const scratch = await lookAsOther(volume.path);
    assert.deepEqual(scratch.unreadable, ['db-shm']);
    assert.notEqual(scratch.digest, open.digest);
    mkdirSync(join(volume.path, 'closed'), { mode: 0 });
    mkdirSync(join(volume.path, 'listed'));
    writeFileSync(join(volume.path, 'listed', 'x'), '');
    chmodSync(join(volume.path, 'listed'), 0o444);
    chmodSync(join(volume.path, 'g'), 0);
    const closed = await lookAsOther(volume.path);
    chmodSync(join(volume.path, 'listed'), 0o755);
    assert.deepEqual(closed.unreadable, ['closed', 'db-shm', 'g', 'listed', 'listed/x']);
    assert.notEqual(closed.digest, scratch.digest);
  });

  test('is nothing for the owner of what it may read', async () => {
    await using volume = await makeVolume();
    assert.deepEqual((await look(volume.path)).unreadable, []);
  });
});
