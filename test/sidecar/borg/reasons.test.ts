import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BorgError } from '../../../sidecar/src/borg/error.ts';
import {
  EXPLANATIONS,
  type FailureClass,
  type Reason,
  type Where,
} from '../../../sidecar/src/borg/reasons.ts';

const where: Where = {
  repository: 'ssh://borg@nas:2222/srv/grafana',
  host: 'nas',
  port: 2222,
  login: 'borg@nas',
};
const classes: Record<Reason, FailureClass> = {
  unreachable: 'transient',
  locked: 'transient',
  'repository-exists': 'transient',
  'archive-exists': 'transient',
  'archive-missing': 'transient',
  incomplete: 'transient',
  raced: 'transient',
  ended: 'transient',
  auth: 'person',
  'host-key-unknown': 'person',
  'host-key-changed': 'person',
  'no-user': 'person',
  'borg-missing': 'person',
  'borg-not-installed': 'person',
  'passphrase-wrong': 'person',
  'passphrase-missing': 'person',
  passcommand: 'person',
  'not-encrypted': 'person',
  'repository-missing': 'person',
  'not-a-repository': 'person',
  'not-borg': 'person',
  'path-not-allowed': 'person',
  permission: 'person',
  quota: 'person',
  'server-disk-full': 'person',
  'own-disk-full': 'person',
  damaged: 'person',
  'rolled-back': 'person',
  bug: 'bug',
};

test('every reason has a class', () => {
  assert.deepEqual(Object.keys(EXPLANATIONS).sort(), Object.keys(classes).sort());
});

for (const [reason, { sentence, class: kind }] of Object.entries(EXPLANATIONS)) {
  const text = sentence(where, 'what borg said');

  test(`${reason} is a matter for: ${classes[reason as Reason]}`, () => {
    assert.equal(kind, classes[reason as Reason]);
  });

  test(`${reason} is told in whole words, on one line`, () => {
    assert.match(text, /^\S.*\S\.$/);
    assert.doesNotMatch(text, /undefined|NaN|\[object|\n| {2}/);
  });

  test(`${reason} names what it is about`, () => {
    assert.match(text, /nas|BORG_PASSCOMMAND|This pod's disk|this container's PATH|the program runs as/);
  });

  test(`${reason} says what happens next`, () => {
    assert.match(text, /: [a-z].+\.$/);
  });

  test(`${reason} tells a person what to do, if it is theirs`, () => {
    const verbs =
      /\b(?:add|bring|check|choose|compare|correct|delete|free|install|make|raise|remove|replace|run|set|use)\b/i;
    assert.equal(kind !== 'person' || verbs.test(text.slice(text.search(/[:.] /))), true, text);
  });
}

test('an error carries reason, class and sentence', () => {
  const error = new BorgError('locked', where, 'timeout');
  assert.equal(error.reason, 'locked');
  assert.equal(error.class, 'transient');
  assert.equal(error.name, 'BorgError');
  assert.equal(error.message, EXPLANATIONS.locked.sentence(where, 'timeout'));
});

test('an error without a detail says so', () => {
  assert.match(new BorgError('unreachable', where).message, /\(no further word from borg\)/);
});
