import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Comment, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import { lineageName } from '../../../sidecar/src/lineage/names.ts';
import { commentsOf, extractByHand, seedArchive } from '../../support/archive.ts';
import { BorgServer } from '../../support/borg-server.ts';
import { comment } from '../../support/comment.ts';
import { borgClient } from '../../support/paths.ts';
import { mountedPod, put, untilLive } from '../../support/quick-pod.ts';
import { compare, snapshot } from '../../support/snapshot.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';
import { addOddities } from '../../support/volume.ts';
import { CommandLine, putArchive } from './command-line.ts';

const server = await BorgServer.start();
const source = await TemporaryDirectory.make('promote');
after(() => server[Symbol.asyncDispose]());
after(() => source[Symbol.asyncDispose]());

const OTHER = 'aaaabbbbccccdddd';
const forkOf = (set: string) => `${set}.fork-${OTHER}-1`;
const content = (name: string) => join(source.path, name);
const forked: Partial<Comment> = {
  ...{
    kind: 'fork',
    seq: 1,
    writer: OTHER,
    pod: 'cut-off',
    chunker: 'fixed,131072',
    files: 30,
    bytes: 9_999,
  },
  ...{ consistent: true, app: '12.2', final: true, closing: true, parent: { sequence: 1, id: 'x' } },
};

before(async () => {
  for (const name of ['order', 'fork']) {
    await mkdir(content(name));
    await writeFile(join(content(name), 'state.txt'), name);
  }
  await addOddities(content('fork'));
});

/** A set with one data archive and a fork of another writer. */
async function seedSet(set: string, says: Partial<Comment> = {}): Promise<string> {
  await server.init(set);
  await seedArchive(server, { set, directory: content('order'), comment: says });
  return await putArchive(server, { set, name: forkOf(set), directory: content('fork'), says: forked });
}

const names = async (set: string) => (await server.archives(set)).map(({ name }) => name).sort();

test('a fork becomes the newest: the pod that runs is fenced, and its successor restores it', async () => {
  const set = 'promote-live';
  const fork = await seedSet(set);
  await using pod = await mountedPod({ set, server });
  await pod.start();
  await untilLive(pod);
  const head = (await names(set)).findLast((name) => name.startsWith(`${set}-`)) ?? '';

  const line = CommandLine.of(pod, server, set);
  const { exitCode, stdout, stderr } = await line.run(['promote', fork, '--yes']);
  assert.equal(exitCode, 0, stderr);
  const next = lineageName(set, Number(head.slice(-10)) + 1);
  assert.equal(
    stdout,
    `Promoted ${fork}, which is now the newest archive ${next}: delete the pod that runs, and its successor restores ${next}.`,
  );
  await using extracted = await extractByHand(server, { set, name: next });
  assert.deepEqual(compare(await snapshot(content('fork')), await snapshot(extracted.path)), []);
  await put(pod, `${set}.txt`, 'of the pod that is replaced');
  assert.equal((await pod.event('fenced')).by, next);
  await pod.terminate();
  assert.deepEqual(await line.leftovers(), []);

  await pod.newVolume();
  await pod.start();
  assert.equal((await pod.event('restore.done')).archive, next);
  assert.equal(await readFile(join(pod.dataDir, 'state.txt'), 'utf8'), 'fork');
  await pod.terminate();
});

test('its comment says what the fork holds, and inherits what the order says', async () => {
  const set = 'promote-comment';
  const inherited = { restore: 'feedfeedfeedfeed', guard: '1', compacted: 1_700_000_000, added: 5 };
  const fork = await seedSet(set, inherited);
  await putArchive(server, { set, name: '1700000000', directory: content('order') });
  await using line = await CommandLine.in(server, set);
  const work = join(line.pod.dir, 'work');
  await mkdir(work);
  const before = await server.archives(set);
  const { exitCode, stderr } = await line.run(['promote', fork, '--yes', '--work-dir', work]);
  assert.equal(exitCode, 0, stderr);
  const { [`${set}-0000000002`]: made } = await commentsOf(server, set);
  assert.ok(made);
  assert.match(made.writer, /^[0-9a-f]{16}$/);
  assert.equal([OTHER, comment().writer].includes(made.writer), false);
  const id = before.find(({ name }) => name === `${set}-0000000001`)?.id ?? '';
  assert.deepEqual(made, {
    ...comment({ set, ...forked, ...inherited }),
    ...{ kind: 'data', seq: 2, parent: { sequence: 1, id }, legacy: 1_700_000_000 },
    ...{ pod: `${line.pod.name}/promote`, writer: made.writer, try: made.try },
  });
  assert.deepEqual(await readdir(work), []);
  assert.deepEqual(await line.leftovers(), []);
});

test('what can not be promoted is refused, and nothing is changed', async () => {
  const set = 'promote-refused';
  const fork = await seedSet(set);
  await putArchive(server, { set, name: '1700000000', directory: content('order') });
  await using line = await CommandLine.in(server, set);
  const before = await names(set);
  for (const [args, code, words] of [
    [[fork], 2, /^There is no terminal to ask on: .*--yes/],
    [['--yes', `${set}.fork-1`], 2, new RegExp(`^There is no archive .* The nearest: .*${fork}`)],
    [['--yes', '1700000000'], 2, /RESTORE_ARCHIVE=1700000000/],
    [['--yes', fork, '--work-dir', line.pod.dataDir], 2, /which is in the volume/],
    [['--yes', fork, '--work-dir', '/not/there'], 2, /which is no directory/],
  ] as const) {
    const { exitCode, stdout, stderr } = await line.run(['promote', ...args]);
    assert.equal(exitCode, code, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, words);
  }
  const newest = await line.run(['promote', '--yes', `${set}-0000000001`]);
  assert.equal(newest.exitCode, 0);
  assert.match(newest.stdout, /is the newest data archive already/);
  assert.deepEqual(await names(set), before);
  assert.deepEqual(await line.leftovers(), []);
});

test('it asks on a terminal, and says what happens', async () => {
  const set = 'promote-asked';
  const fork = await seedSet(set, { final: false, closing: false });
  await using line = await CommandLine.in(server, set);
  const no = await line.type(['promote', fork], '[y/N] ', 'n\n');
  assert.equal(no.exitCode, 0, no.stdout);
  for (const words of [
    `Promote ${fork} (of the pod cut-off, 20`,
    `, 30 files, 9.8 KiB?`,
    `in place of ${set}-0000000001 (of the pod grafana-7d9c-x2x4z, 20`,
    `a data archive of the pod grafana-7d9c-x2x4z, which may still run.`,
    'is fenced at its next save',
    'The next start restores what is promoted.',
    'Nothing was changed.',
  ]) {
    assert.ok(no.stdout.includes(words), `${words} is not in: ${no.stdout}`);
  }
  // Ctrl-D, Ctrl-C: they end the question, and it is not a yes.
  for (const key of ['\u0004', '\u0003']) {
    const { stdout } = await line.type(['promote', fork], '[y/N] ', key);
    assert.match(stdout, /Nothing was changed\./);
  }
  assert.deepEqual(await names(set), [`${set}-0000000001`, fork]);

  const yes = await line.type(['promote', fork], '[y/N] ', 'yes\n');
  assert.equal(yes.exitCode, 0, yes.stdout);
  assert.match(yes.stdout, /is now the newest archive promote-asked-0000000002: /);
  assert.deepEqual(await line.leftovers(), []);
});

type Race = { when: 'before' | 'after'; says: Partial<Comment> };

/** A borg on the PATH that lets another writer create number 2 just before, or number 3 after, the first create. */
async function racing(line: CommandLine, set: string, { when, says }: Race): Promise<Record<string, string>> {
  const bin = join(line.pod.dir, 'bin');
  await mkdir(bin);
  const seq = when === 'before' ? 2 : 3;
  const text = writeComment(comment({ set, seq, ...says }));
  const scratch = `BORG_BASE_DIR='${join(line.pod.dir, 'scratch')}' BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes`;
  const other = `(cd '${content('order')}' && env -i PATH=/usr/bin:/bin ${scratch} '${borgClient}' create --comment '${text}' '${server.repository(set)}::${lineageName(set, seq)}' .) >&2`;
  const once = `[ "$1" = create ] && mkdir '${join(bin, 'done')}' 2>/dev/null`;
  const script =
    when === 'before'
      ? `if ${once}; then ${other}; fi\nexec '${borgClient}' "$@"`
      : `if ${once}; then '${borgClient}' "$@"; ${other}; else exec '${borgClient}' "$@"; fi`;
  await writeFile(join(bin, 'borg'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'borg'), 0o755);
  return { PATH: `${bin}:${line.pod.environment.PATH}` };
}

test('a number that the same pod takes meanwhile begins it anew from the list', async () => {
  const set = 'promote-again';
  const fork = await seedSet(set);
  await using line = await CommandLine.in(server, set);
  const env = await racing(line, set, { when: 'before', says: {} });
  const { exitCode, stdout, stderr } = await line.run(['promote', fork, '--yes'], env);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /promote-again-0000000002 was taken meanwhile: it begins anew from the list\./);
  assert.match(stdout, /is now the newest archive promote-again-0000000003: /);
  const { [`${set}-0000000003`]: made } = await commentsOf(server, set);
  assert.deepEqual([made?.app, made?.parent.sequence], ['12.2', 2]);
});

test('another writer that comes between is named, and nothing counts', async () => {
  const set = 'promote-taken';
  const fork = await seedSet(set);
  await using line = await CommandLine.in(server, set);
  const says = { kind: 'claim', writer: 'bbbbccccddddeeee', pod: 'grafana-newer' } as const;
  const before = await line.run(
    ['promote', fork, '--yes'],
    await racing(line, set, { when: 'before', says }),
  );
  assert.equal(before.exitCode, 3);
  assert.match(
    before.stderr,
    /came between with promote-taken-0000000002 of the pod grafana-newer, and nothing/,
  );
  assert.deepEqual(await names(set), [`${set}-0000000001`, `${set}-0000000002`, fork]);

  const late = 'promote-late';
  await using other = await CommandLine.in(server, late);
  const race = await (async () => {
    await seedSet(late);
    return await racing(other, late, { when: 'after', says });
  })();
  const { exitCode, stdout, stderr } = await other.run(['promote', forkOf(late), '--yes'], race);
  assert.equal(exitCode, 3);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /promote-late-0000000002 was made, but another pod came between: promote-late-0000000003 of/,
  );
  assert.deepEqual(await other.leftovers(), []);
});
