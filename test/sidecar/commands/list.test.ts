import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { heldLock } from '../../support/held-lock.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { CommandLine, putArchive } from './command-line.ts';

const server = await BorgServer.start();
const source = await TemporaryDirectory.make('list');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());

const directory = source.path;
const NONE = { sequence: 0, id: '-' };
const set = 'grafana';
const [writer, other] = ['0123456789abcdef', 'aaaabbbbccccdddd'];
const fork = `${set}.fork-${other}-1`;

before(async () => {
  await writeFile(join(directory, 'file'), 'list');
  await server.init(set);
  const at = (time: string) => ['--timestamp', `2026-01-0${time}`];
  await putArchive(server, { set, name: '1700000000-exit', directory });
  const first = { bytes: 3 * 1024 * 1024, app: '12.1', parent: NONE };
  await seedArchive(server, { set, directory, sequence: 1, comment: first, args: at('1T08:00:00') });
  const late = { parent: { sequence: 1, id: 'x' }, writer: other, partial: true, final: false };
  // Its writer's clock is a day fast, and the one after it has passed it over.
  await seedArchive(server, { set, directory, sequence: 2, comment: late, args: at('3T08:00:00') });
  const guarded = { parent: { sequence: 1, id: 'x' }, guard: '1', consistent: true, final: false };
  const args = at('2T08:00:00');
  await seedArchive(server, { set, directory, sequence: 3, comment: { ...guarded, closing: false }, args });
  const claim = { kind: 'claim', pod: 'grafana-new', final: false, closing: false } as const;
  await seedArchive(server, { set, directory, sequence: 4, comment: claim, args: at('4T08:00:00') });
  await putArchive(server, { set, name: fork, directory, says: { kind: 'fork', writer: other, seq: 1 } });
  await putArchive(server, { set, name: `${set}-0000000009`, directory });
  await putArchive(server, { set, name: 'by-\u001b[31m-hand', directory });
});

test('the order stands newest last, with its marks, and apart from it what is not in it', async () => {
  await using line = await CommandLine.in(server, set);
  const { exitCode, stdout, stderr } = await line.run(['list']);
  assert.equal(exitCode, 0, stderr);
  const rows = stdout.split('\n').filter((row) => row.startsWith(set));
  assert.deepEqual(
    rows.slice(0, 4).map((row) => row.replaceAll(/ {2,}/g, ' | ')),
    [
      `grafana-0000000001 | data | 2026-01-01T08:00:00Z | ${writer} | grafana-7d9c-x2x4z | final closing | 12.1 | 3 | 3.0 MiB | guard`,
      `grafana-0000000002 | data | 2026-01-03T08:00:00Z | ${other} | grafana-7d9c-x2x4z | closing partial | - | 3 | 4.0 KiB | held`,
      `grafana-0000000003 | data | 2026-01-02T08:00:00Z | ${writer} | grafana-7d9c-x2x4z | consistent | - | 3 | 4.0 KiB | newest data`,
      `grafana-0000000004 | claim | 2026-01-04T08:00:00Z | ${writer} | grafana-new | - | - | - | - | head`,
    ],
  );
  const parts = stdout.split('\n\n').map((part) => part.split('\n'));
  assert.deepEqual(
    parts.slice(2).map((part) => part[0]),
    [
      'Forks, which no start restores by itself ("promote" makes one the newest):',
      'Archives of the predecessor:',
      'Not of this set:',
    ],
  );
  assert.match(parts[2]?.[2] ?? '', new RegExp(`^${fork} +fork .* ${other} `));
  assert.match(parts[3]?.[2] ?? '', /^1700000000-exit +legacy +20/);
  // A name from the repository can't write to the terminal.
  assert.deepEqual(parts[4]?.slice(1, 3), ['grafana-0000000009', 'by-?[31m-hand']);
  assert.equal(stderr, '');
  assert.deepEqual(await line.leftovers(), []);
});

test('--json says the same with stable names', async () => {
  await using line = await CommandLine.in(server, set);
  const { stdout } = await line.run(['list', '--json'], { LOG_FORMAT: 'json' });
  const { repositoryId, archives, forks, legacy, ...rest } = JSON.parse(stdout);
  assert.match(repositoryId, /^[0-9a-f]{64}$/);
  assert.deepEqual(rest, {
    set,
    repository: `${server.repoBase}/${set}`,
    head: 'grafana-0000000004',
    newest: 'grafana-0000000003',
    guard: 1,
    foreign: ['grafana-0000000009', 'by-\u001b[31m-hand'],
  });
  const { id, ...first } = archives[0];
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.deepEqual(first, {
    name: 'grafana-0000000001',
    kind: 'data',
    number: 1,
    time: '2026-01-01T08:00:00Z',
    ...{ writer, pod: 'grafana-7d9c-x2x4z', final: true, closing: true, late: false },
    ...{ consistent: false, partial: false, lacks: [], app: '12.1', files: 3, bytes: 3 * 1024 * 1024 },
    ...{ parent: null, marks: ['guard'] },
  });
  assert.deepEqual(
    archives.map(({ number, marks, files }: { number: number; marks: string[]; files: number | null }) => [
      ...[number, files],
      ...marks,
    ]),
    [
      [1, 3, 'guard'],
      [2, 3, 'held'],
      [3, 3, 'newest data'],
      [4, null, 'head'],
    ],
  );
  assert.deepEqual([forks[0].name, forks[0].number, legacy[0].name], [fork, 1, '1700000000-exit']);
});

test('another borg that holds the lock is named, and --bypass-lock looks past it', async () => {
  await using line = await CommandLine.in(server, set);
  await using _ = await heldLock(server, set);
  const refused = await line.run(['list']);
  assert.equal(refused.exitCode, 3);
  assert.equal(refused.stdout, '');
  assert.match(refused.stderr, /^The repository \S+ is locked by another borg .*--bypass-lock\.$/);
  const { exitCode, stdout } = await line.run(['list', '--bypass-lock']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /grafana-0000000004/);
});

test('an empty set is no error, and a set that is missing or another is one', async () => {
  const empty = 'list-empty';
  await server.init(empty);
  await using line = await CommandLine.in(server, empty);
  const { exitCode, stdout } = await line.run(['list']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^Set list-empty in ssh:.*\n\nThe set has no archive yet\.\n?$/);

  const pinned = await line.run(['list'], { REPOSITORY_ID: '0'.repeat(64) });
  assert.equal(pinned.exitCode, 3);
  assert.match(pinned.stderr, /^The repository has the id [0-9a-f]{64}, but REPOSITORY_ID is 0+: .*$/);

  const missing = await line.run(['list'], { ARCHIVE_NAME: 'list-nowhere' });
  assert.equal(missing.exitCode, 3);
  assert.match(missing.stderr, /^There is no repository .*list-nowhere: .*$/);
  assert.deepEqual(await line.leftovers(), []);
});

test('what is typed or set wrongly ends with 2, in one sentence', async () => {
  await using line = await CommandLine.in(server, set);
  const settings = await line.run(['list'], { BACKUP_INTERVAL: 'soon' });
  assert.equal(settings.exitCode, 2);
  assert.match(settings.stderr, /^BACKUP_INTERVAL is "soon": expected .*$/);
  const json = await line.run(['list'], { BACKUP_INTERVAL: 'soon', LOG_FORMAT: 'json' });
  assert.equal(JSON.parse(json.stderr).msg, settings.stderr);
  for (const args of [['list', '--all'], ['lst'], ['list', 'grafana'], ['restore']]) {
    const { exitCode, stderr } = await line.run(args);
    assert.equal(exitCode, 2, args.join(' '));
    assert.match(stderr, /^error: /);
  }
  const help = await line.run(['list', '--help']);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /writers' clocks/);
  assert.match(help.stdout, /Example:/);
});
