// long: one port, and each answer that it can give
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Created, Creation } from '../../../sidecar/src/borg/creation.ts';
import type { Lock } from '../../../sidecar/src/borg/repository.ts';
import { BorgRepositoryPort } from '../../../sidecar/src/lifecycle/repository-port.ts';
import { readComment, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import { comment } from '../../support/comment.ts';
import { FakeLifecycle, failing, INTERVAL } from '../../support/lifecycle.ts';
import { Receiver } from '../../support/receiver.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const NAME = 'grafana-0000000007';
const data = { name: NAME, comment: comment({ seq: 7, chunker: 'fixed,131072' }) };
const claim = { name: NAME, comment: comment({ kind: 'claim', seq: 7, chunker: '' }) };

class Life extends FakeLifecycle {
  readonly port = new BorgRepositoryPort(this.context, this.host);
}

function borgMade(change: Partial<Created> = {}): Created {
  return { repositoryId: 'repo', id: 'id', addedBytes: 5, unread: [], raced: [], ...change };
}

for (const [kind, failure] of [
  ['locked', failing('locked')],
  ['full', failing('server-disk-full')],
  ['error', failing('unreachable')],
  ['error', failing('quota')],
  ['error', failing('own-disk-full')],
  ['error', new TypeError('x is not a function')],
] as const) {
  test(`a failure is an answer: ${failure.message} is ${kind}`, async () => {
    await using state = await TemporaryDirectory.make();
    using life = new Life({ env: { STATE_DIR: state.path } });
    life.repository.onList = () => Promise.reject(failure);
    life.repository.onCreate = () => Promise.reject(failure);
    assert.deepEqual(await life.port.list(), { kind, failure });
    assert.deepEqual(await life.port.create(data), { kind, failure });
    assert.deepEqual(await life.port.create(claim), { kind, failure });
    assert.deepEqual(life.failures, []);
  });
}

test('a name that is taken is an answer of its own', async () => {
  await using state = await TemporaryDirectory.make();
  using life = new Life({ env: { STATE_DIR: state.path } });
  life.repository.onCreate = () => Promise.reject(failing('archive-exists'));
  for (const what of [data, claim]) {
    assert.deepEqual(await life.port.create(what), { kind: 'exists' });
  }
});

test('SIGTERM before the gate ends a command, and is no answer', async () => {
  await using state = await TemporaryDirectory.make();
  using life = new Life({ env: { STATE_DIR: state.path } });
  const endedBy = (signal: AbortSignal) => {
    life.termination.tellSigterm();
    return Promise.reject(signal.reason);
  };
  life.repository.onList = endedBy;
  life.repository.onCreate = (_, signal) => endedBy(signal);
  for (const ended of [() => life.port.list(), () => life.port.create(data), () => life.port.create(claim)]) {
    await assert.rejects(ended(), (thrown) => thrown === life.termination.sigterm.reason);
  }
});

test('after the gate the deadline does, with the end of the program', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  using life = new Life();
  life.host.setReady();
  life.termination.tellSigterm();
  life.repository.onCreate = async (_, signal) => {
    assert.equal(signal.aborted, false);
    t.mock.timers.tick(INTERVAL);
    throw signal.reason;
  };
  await assert.rejects(life.port.create(data), { name: 'Fatal', reason: 'deadline' });
});

test('a signal of the caller ends a command with an answer', async () => {
  using life = new Life();
  const own = new AbortController();
  const end = (signal: AbortSignal) => {
    own.abort('stop');
    return Promise.reject(signal.reason);
  };
  life.repository.onList = end;
  assert.deepEqual(await life.port.list({ signal: own.signal }), { kind: 'error', failure: 'stop' });
  life.repository.onCreate = (_, signal) => end(signal);
  const answer = await life.port.create({ ...data, signal: own.signal });
  assert.deepEqual(answer, { kind: 'error', failure: 'stop' });
});

describe('a list', () => {
  test('has the repository and its archives, and goes past the lock or waits for it as it is told', async () => {
    using life = new Life();
    const listing = { repositoryId: 'f0', archives: [{ name: NAME, id: 'id-7', comment: 'x', time: 7_000 }] };
    const locks: Lock[] = [];
    life.repository.onList = async (_, lock) => {
      locks.push(lock);
      return listing;
    };
    for (const how of [undefined, {}, { pastLock: true }, { lockWaitMs: 700 }]) {
      assert.deepEqual(await life.port.list(how), { kind: 'listed', ...listing });
    }
    assert.deepEqual(
      locks.map(({ past, waitMs }) => past ?? waitMs),
      [undefined, undefined, true, 700],
    );
  });

  for (const [env, encryption, sentence] of [
    [{}, 'none', /It is not encrypted\.$/],
    [{ BORG_PASSPHRASE: 'hunter2' }, 'repokey-blake2', /Keep its passphrase .*pin REPOSITORY_ID\.$/],
    [{ BORG_PASSPHRASE_FILE: '/secret' }, 'repokey-blake2', /Keep its passphrase/],
    [{ BORG_PASSCOMMAND: 'cat /secret' }, 'repokey-blake2', /Keep its passphrase/],
  ] as const) {
    test(`makes a missing repository where that is asked for: ${JSON.stringify(env)}`, async () => {
      using life = new Life({ env: { INIT_REPOSITORY: 'true', ...env } });
      const calls: string[] = [];
      const warnings: string[] = [];
      life.context.events.on('warning', ({ name, message }) => warnings.push(name, message));
      life.repository.onInit = async (how) => void calls.push(`init ${how}`);
      life.repository.onList = async () => {
        calls.push('list');
        return calls.length === 1
          ? Promise.reject(failing('repository-missing'))
          : { repositoryId: 'f0', archives: [] };
      };
      assert.deepEqual(await life.port.list(), { kind: 'listed', repositoryId: 'f0', archives: [] });
      assert.deepEqual(calls, ['list', `init ${encryption}`, 'list']);
      assert.deepEqual([warnings.length, warnings[0]], [2, 'repository.created']);
      assert.match(warnings[1] ?? '', sentence);
    });
  }

  for (const [name, env, ready, reason] of [
    ['unasked', {}, false, 'repository-missing'],
    ['while the application runs', { INIT_REPOSITORY: 'true' }, true, 'repository-missing'],
    ['where another one is', { INIT_REPOSITORY: 'true' }, false, 'not-a-repository'],
  ] as const) {
    test(`makes no repository ${name}`, async () => {
      using life = new Life({ env });
      if (ready) {
        life.host.setReady();
      }
      const failure = failing(reason);
      life.repository.onList = () => Promise.reject(failure);
      life.repository.onInit = () => Promise.reject(new Error('made'));
      assert.deepEqual(await life.port.list(), { kind: 'error', failure });
    });
  }
});

test('the volume is archived as the settings say, without what is reserved or left out', async () => {
  for (const kind of ['data', 'fork'] as const) {
    using life = new Life({
      env: {
        ...{ DATA_DIR: '/volume', COMPRESSION: 'zstd,3', UPLOAD_LIMIT: '100', EXCLUDE: 'sh:cache\npf:tmp/x' },
      },
    });
    const created: Creation[] = [];
    life.repository.onCreate = async (creation) => {
      created.push(creation);
      return borgMade();
    };
    const what = { name: NAME, comment: { ...data.comment, kind } };
    const made = { kind: 'created', repositoryId: 'repo', id: 'id', addedBytes: 5 };
    assert.deepEqual(await life.port.create(what), { ...made, incomplete: undefined });
    assert.deepEqual(created, [
      {
        ...{ name: NAME, comment: writeComment(what.comment), chunker: 'fixed,131072', directory: '/volume' },
        ...{ compression: 'zstd,3', uploadLimitKibPerSecond: 100, attributes: true, cold: false },
        staged: undefined,
        exclude: ['pp:.borg-volume-sync', 'pp:lost+found', 'sh:cache', 'pf:tmp/x'],
      },
    ]);
  }
});

for (const kind of ['data', 'fork', 'claim'] as const) {
  test(`the calls before and after an archive surround a ${kind}, made or not: only if it is of the volume`, async () => {
    await using receiver = await Receiver.start();
    await using state = await TemporaryDirectory.make();
    const urls = { PRE_BACKUP_URL: receiver.url('/pre'), POST_BACKUP_URL: receiver.url('/post') };
    using life = new Life({ env: { STATE_DIR: state.path, ...urls } });
    const told: string[] = [];
    receiver.onCall = (path) => void told.push(path);
    life.repository.onCreate = () => {
      told.push('create');
      return told.length < 4 ? Promise.resolve(borgMade()) : Promise.reject(failing('unreachable'));
    };
    for (const _ of ['made', 'not made']) {
      await life.port.create({ name: NAME, comment: comment({ kind, seq: 7 }) });
      await life.context.calls.settled();
    }
    const around = kind === 'claim' ? ['create'] : ['/pre', 'create', '/post'];
    assert.deepEqual(told, [...around, ...around]);
  });
}

describe('a record', () => {
  const { writer, pod } = comment();
  for (const [kind, final, text] of [
    ['claim', false, `The writer ${writer}, pod ${pod}, has begun. This is no backup.\n`],
    ['close', false, `The writer ${writer}, pod ${pod}, is ending. This is no backup.\n`],
    ['close', true, `The writer ${writer}, pod ${pod}, has ended. This is no backup.\n`],
  ] as const) {
    test(`holds a text file that says: ${text.trim()}`, async () => {
      await using state = await TemporaryDirectory.make();
      using life = new Life({
        env: {
          STATE_DIR: state.path,
          DATA_DIR: '/volume',
          EXCLUDE: '*.txt',
          UPLOAD_LIMIT: '1',
        },
      });
      const what = { name: NAME, comment: comment({ kind, final, seq: 7, chunker: '' }) };
      let made: Partial<Creation> = {};
      life.repository.onCreate = async (creation) => {
        made = creation;
        assert.deepEqual(readdirSync(creation.directory), [`${kind}.txt`]);
        assert.equal(readFileSync(join(creation.directory, `${kind}.txt`), 'utf8'), text);
        return borgMade();
      };
      assert.equal((await life.port.create(what)).kind, 'created');
      const { directory = '', comment: said = '', ...rest } = made;
      assert.deepEqual(readComment(said), what.comment);
      assert.deepEqual(rest, {
        ...{ name: NAME, record: true, chunker: 'fixed,65536', compression: 'none' },
        ...{ exclude: [], attributes: false, uploadLimitKibPerSecond: undefined },
      });
      assert.ok(directory.startsWith(`${state.path}/`) && !existsSync(directory), directory);
    });
  }

  test('leaves nothing behind, whatever becomes of it, and stands beside another one', async () => {
    await using state = await TemporaryDirectory.make();
    using life = new Life({ env: { STATE_DIR: state.path } });
    const first = Promise.withResolvers<void>();
    const directories: string[] = [];
    life.repository.onCreate = async ({ directory }) => {
      directories.push(directory);
      if (directories.length === 1) {
        await first.promise;
        assert.deepEqual(await readdir(directory), ['claim.txt']);
        throw failing('unreachable');
      }
      first.resolve();
      return borgMade();
    };
    const answers = await Promise.all([life.port.create(claim), life.port.create(claim)]);
    assert.deepEqual(answers.map(({ kind }) => kind).sort(), ['created', 'error']);
    assert.equal(new Set(directories).size, 2);
    assert.deepEqual(await readdir(join(state.path, 'records')), []);
  });
});

describe('what borg could not read', () => {
  test('makes an archive incomplete that does not say so, once', async () => {
    using life = new Life();
    const unread = ['a', 'b'];
    life.repository.onCreate = async () => borgMade({ unread });
    const create = async (lacks: readonly string[]) => {
      const answer = await life.port.create({ name: NAME, comment: comment({ lacks, partial: true }) });
      assert.equal(answer.kind, 'created');
      const { incomplete } = answer as { incomplete?: unknown };
      return [(incomplete as Error | undefined)?.name, ...life.context.unread.paths];
    };
    assert.deepEqual(await create([]), ['BorgError', 'a', 'b']);
    assert.deepEqual(await create(['a', 'b']), [undefined, 'a', 'b']);
    // One can be read by now: the archive has what it says it lacks.
    unread.pop();
    assert.deepEqual(await create(['a', 'b']), ['BorgError', 'a']);
    assert.deepEqual(await create(['a']), [undefined, 'a']);
    // Another one in its place.
    unread.splice(0, 1, 'c');
    assert.deepEqual(await create(['a']), ['BorgError', 'c']);
    // What the walk itself has found needs no note.
    life.context.unread.paths = new Set();
    assert.deepEqual(await create(['c', 'd']), [undefined]);
  });

  test('is told with an answer that is lost, too, since the archive may be there', async () => {
    using life = new Life();
    for (const incomplete of [true, false]) {
      life.repository.onCreate = async (_creation, _signal, watcher) => {
        if (incomplete) {
          watcher?.onLeftOut?.();
        }
        throw failing('unreachable');
      };
      const answer = await life.port.create(data);
      const lost = { kind: 'error', failure: failing('unreachable') };
      assert.deepEqual(answer, incomplete ? { ...lost, incomplete } : lost);
    }
  });

  test('since it was replaced meanwhile is named, at most ten, and is no note', async () => {
    using life = new Life();
    life.context.unread.paths = new Set(['a']);
    const raced = Array.from({ length: 11 }, (_, at) => `r${at}`);
    life.repository.onCreate = async () => borgMade({ raced, unread: ['x'] });
    const answer = await life.port.create(data);
    const failure = failing('raced', raced.slice(0, 10).join(', '));
    const made = { kind: 'created', repositoryId: 'repo', id: 'id', addedBytes: 5 };
    assert.deepEqual(answer, { ...made, incomplete: failure });
    assert.deepEqual([...life.context.unread.paths], ['a']);
  });
});

describe('a deletion', () => {
  test("is of the names alone, and its failure is the caller's", async () => {
    using life = new Life();
    const names: (readonly string[])[] = [];
    life.repository.onDelete = async (deleted) => void names.push(deleted);
    await life.port.delete(['a', 'b']);
    assert.deepEqual(names, [['a', 'b']]);
    const failure = failing('locked');
    life.repository.onDelete = () => Promise.reject(failure);
    await assert.rejects(life.port.delete(['a']), failure);
  });

  for (const end of ['tellPrestop', 'tellSigterm'] as const) {
    test(`ends at once where the pod ends: ${end}`, async () => {
      using life = new Life();
      life.repository.onDelete = async (_, signal) => {
        assert.equal(signal.aborted, false);
        life.termination[end]();
        signal.throwIfAborted();
      };
      await assert.rejects(life.port.delete(['a']), { name: 'AbortError' });
    });
  }
});

test('a last save that finds no cache goes without, and one that finds it uses it', async () => {
  const final = { name: NAME, comment: comment({ final: true }) };
  for (const [before, cold] of [
    [async () => {}, true],
    [async (life: Life) => await life.port.warm(), false],
    [async (life: Life) => void (await life.port.create(data)), false],
  ] as const) {
    using life = new Life();
    const colds: unknown[] = [];
    life.repository.onWarm = async () => {};
    life.repository.onCreate = async (creation) => {
      colds.push(creation.cold);
      return borgMade();
    };
    await before(life);
    await life.port.create(final);
    assert.equal(colds.at(-1), cold);
  }
});
