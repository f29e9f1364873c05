import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Comment, readComment, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import { comment } from '../../support/comment.ts';
import { pick } from '../../support/noise.ts';

test('a comment is one line that a person can read', () => {
  assert.equal(
    writeComment(
      comment({ seq: 7, parent: { sequence: 6, id: 'ab12' }, final: true, lacks: ['a b'], app: '12.1' }),
    ),
    'bvs1 set=grafana kind=data seq=7 parent=6:ab12 writer=0123456789abcdef claim=0 try=fedcba9876543210' +
      ' pod=grafana-7d9c-x2x4z final=1 closing=0 late=0 consistent=0 partial=0 lacks=a%20b files=3 bytes=4096' +
      ' chunker=fixed,65536 app=12.1 restore=- guard=- legacy=0 added=0 compacted=0 checked=0',
  );
});

const odd: [name: string, change: Partial<Comment>][] = [
  ['nothing special', {}],
  ...(['final', 'closing', 'late', 'consistent', 'partial'] as const).map(
    (flag): [string, Partial<Comment>] => [`the flag ${flag}`, { [flag]: true }],
  ),
  ['a claim', { kind: 'claim' }],
  ['a close', { kind: 'close' }],
  ['a fork', { kind: 'fork' }],
  ['the last number', { seq: 9_999_999_999, parent: { sequence: 9_999_999_998, id: 'f'.repeat(64) } }],
  ['a volume of petabytes', { files: 1e9, bytes: Number.MAX_SAFE_INTEGER, added: 2 ** 50 }],
  ['blanks and line breaks', { app: ' a\n\tb ', pod: ' ' }],
  ['braces', { app: '{now} {hostname}', lacks: ['{a}', '}'] }],
  ['equals signs', { app: 'final=1 kind=claim', pod: 'a=b=' }],
  ['percent signs', { app: '100%', pod: '%7B%', lacks: ['%2C'] }],
  ['commas in names', { lacks: ['a,b', ',', 'c'] }],
  ['other scripts', { app: 'ünïcödé 🗄 日本', lacks: ['😀', 'e\u0301'] }],
  ['control characters', { app: '\0\u0001\u007f\u2028', lacks: ['\r'] }],
  ['maintenance', { added: 5, compacted: 1_767_225_600, checked: 1_767_225_601, legacy: 1_700_000_000 }],
  ['requests', { restore: '0123456789abcdef', guard: '41' }],
];

for (const [name, change] of odd) {
  test(`${name} comes back as it was written`, () => {
    const written = writeComment(comment(change));
    assert.deepEqual(readComment(written), comment(change));
    assert.doesNotMatch(written, /[{}\n\r\t]/);
  });
}

const ALPHABET = [...'{}%=,: /\\?*"\'\n\0aZ09éß€🗄', 'bvs1', '%7B', 'final=1', 'kind=claim'];

function drawText(seed: string): string {
  const length = pick(seed, 0, 12);
  return Array.from(
    { length },
    (_, index) => ALPHABET[pick(seed, index + 1, ALPHABET.length)] as string,
  ).join('');
}

test('whatever text an application or a file name holds comes back, and never a brace', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const lacks = Array.from({ length: pick(`${seed}/lacks`, 0, 5) }, (_, at) => drawText(`${seed}/${at}`));
    const original = comment({
      app: drawText(`${seed}/app`),
      pod: drawText(`${seed}/pod`),
      lacks: lacks.filter((path) => path !== ''),
    });
    const written = writeComment(original);
    assert.doesNotMatch(written, /[{}\n\0]/, `seed ${seed}`);
    assert.deepEqual(readComment(written), original, `seed ${seed}`);
  }
});

test('half a character is written as its stand-in', () => {
  assert.equal(readComment(writeComment(comment({ app: 'a\ud800b' })))?.app, 'a\ufffdb');
});

test('of many missing entries twenty are named', () => {
  const lacks = Array.from({ length: 50 }, (_, index) => `file-${index}`);
  assert.deepEqual(readComment(writeComment(comment({ lacks })))?.lacks, lacks.slice(0, 20));
});

test('unknown fields are passed over', () => {
  const written = writeComment(comment()).replace('bvs1 ', 'bvs1 colour=red ');
  assert.deepEqual(readComment(`${written} shape=round alone =nothing`), comment());
});

test('fields that an older version did not write have harmless values', () => {
  assert.deepEqual(
    readComment('bvs1 set=grafana kind=data seq=1 parent=0:-'),
    comment({ writer: '', try: '', pod: '', files: 0, bytes: 0, chunker: '' }),
  );
});

test('the order of the fields does not matter', () => {
  const [version, ...fields] = writeComment(comment()).split(' ');
  assert.deepEqual(readComment([version, ...fields.reverse()].join(' ')), comment());
});

test('text that was not encoded by this program is taken as it is', () => {
  assert.equal(readComment('bvs1 set=a kind=data parent=0:- app=100%=x')?.app, '100%=x');
});

for (const [name, text] of [
  ['nothing', ''],
  ['free text', 'before the upgrade'],
  ['another version', writeComment(comment()).replace('bvs1', 'bvs2')],
  ['a version without a blank', 'bvs1'],
  ['text before the version', ` ${writeComment(comment())}`],
  ['an unknown kind', writeComment(comment()).replace('kind=data', 'kind=dream')],
  ['no kind', 'bvs1 set=a seq=1 parent=0:-'],
  ['no set', 'bvs1 kind=data seq=1 parent=0:-'],
  ['an empty set', 'bvs1 set= kind=data seq=1 parent=0:-'],
  ['no parent', 'bvs1 set=a kind=data seq=1'],
  ['a parent without an id', 'bvs1 set=a kind=data seq=1 parent=4'],
] as const) {
  test(`a comment with ${name} is not ours`, () => assert.equal(readComment(text), undefined));
}
