import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUnknownSets, readServing, type ServeOptions } from '../../../sidecar/src/sshd/options.ts';

const plain: ServeOptions = { repositories: '/repositories', keys: '/keys', port: '2222', grace: '25s' };

test('a size is for all sets, a name and a size for one, and names alone are sets', () => {
  const { serving, problems } = readServing({
    ...plain,
    repositories: '/srv/borg/',
    quota: '20Gi, grafana=2G',
    appendOnly: 'a,b',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(serving, {
    repositories: '/srv/borg',
    ...{ keys: '/keys', port: 2222, grace: 25_000 },
    appendOnly: new Set(['a', 'b']),
    quotas: new Map([['grafana', 2_000_000_000]]),
    quota: 21_474_836_480,
  });
});

test('without a word nothing is limited', () => {
  const { serving } = readServing({ ...plain, quota: '', appendOnly: '' });
  assert.deepEqual([serving?.appendOnly, serving?.quotas, serving?.quota], [new Set(), new Map(), undefined]);
});

test('"all" among the names is all sets', () => {
  assert.equal(readServing({ ...plain, appendOnly: 'a,all' }).serving?.appendOnly, 'all');
});

const refused: [name: string, options: Partial<ServeOptions>, problem: RegExp][] = [
  ['a path that a shell would split', { repositories: '/a b' }, /^--repositories is "\/a b"/],
  ['a path that would end the key’s option', { repositories: '/a"' }, /^--repositories is /],
  ['a relative path', { repositories: 'repositories' }, /^--repositories is /],
  ['a port that sshd would choose', { port: '0' }, /^--port is "0"/],
  ['a quota that Borg refuses', { quota: 'grafana=9M' }, /^--quota is "9M": .*at least 10M/],
  ['a set that no sidecar may have', { quota: '../x=1G' }, /^--quota is "\.\.\/x"/],
  ['an option in place of a set', { appendOnly: '--quota' }, /^--append-only is "--quota"/],
];

for (const [name, options, problem] of refused) {
  test(`refused: ${name}`, () => {
    const { serving, problems } = readServing({ ...plain, ...options });
    assert.equal(serving, undefined);
    assert.match(problems.join(' '), problem);
  });
}

test('a STATE_DIR that sshd could not read is refused', () => {
  assert.match(readServing(plain, '/state dir').problems.join(' '), /^STATE_DIR is "\/state dir"/);
});

test('sets that the options name and that have no key are found', () => {
  const { serving } = readServing({ ...plain, quota: '1G,a=1G,b=1G', appendOnly: 'b,c' });
  assert.ok(serving);
  assert.deepEqual(findUnknownSets(serving, new Map([['a', []]])), ['b', 'c']);
});
