import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Acceptance } from '../../../sidecar/src/lifecycle/acceptance.ts';
import { Events } from '../../../sidecar/src/lifecycle/events.ts';

function live() {
  const events = new Events();
  const acceptance = new Acceptance(events);
  events.setState('live');
  return { events, acceptance };
}

function looked(events: Events, unreadable: number): void {
  const paths = Array.from({ length: unreadable }, (_, index) => String(index));
  events.emit('looked', { files: 1, bytes: 1, unreadable: paths, unsaved: false });
}

test('it is asked until an archive says so, and the answer names the archive', async () => {
  const { events, acceptance } = live();
  looked(events, 20);
  const answers = [acceptance.ask(), acceptance.ask()];
  assert.equal(acceptance.asked, true);
  events.emit('accepted', { archive: 'grafana-0000000004' });
  assert.equal(acceptance.asked, false);
  for (const answer of await Promise.all(answers)) {
    assert.match(answer, /^Accepted: grafana-0000000004 says so/);
  }
});

test('where nothing is guarded, that is the answer', async () => {
  const { events, acceptance } = live();
  const answer = acceptance.ask();
  events.emit('accepted', { archive: undefined });
  assert.match(await answer, /nothing to accept/);
});

test('one without a claim refuses what was asked', async () => {
  const { events, acceptance } = live();
  const asked = acceptance.ask();
  events.emit('accept.refused', {});
  assert.equal(acceptance.asked, false);
  await assert.rejects(asked, /has no place in the order yet.*try again/);
});

for (const state of ['starting', 'waiting', 'restoring', 'fenced', 'stopped'] as const) {
  test(`one that is ${state} refuses, also what was asked before`, async () => {
    const { events, acceptance } = live();
    const asked = acceptance.ask();
    events.setState(state);
    await assert.rejects(asked, new RegExp(`The sidecar is ${state}`));
    await assert.rejects(acceptance.ask(), new RegExp(`The sidecar is ${state}`));
    assert.equal(acceptance.asked, false);
  });
}

test('more unreadable entries than an archive can name are refused', async () => {
  const { events, acceptance } = live();
  looked(events, 21);
  await assert.rejects(acceptance.ask(), /21 entries can't be read, and at most 20/);
});
