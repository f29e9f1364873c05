import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events, STATES, type State } from '../../../sidecar/src/lifecycle/events.ts';

test('a run begins with starting', () => assert.equal(new Events().state, 'starting'));

test('each change of the state is told with both, and the same state is no change', () => {
  const events = new Events();
  const told: { from: State; to: State }[] = [];
  events.on('state', (change) => told.push(change));
  for (const state of ['starting', 'restoring', 'restoring', 'live', 'saving', 'live', 'stopped'] as const) {
    events.setState(state);
    assert.equal(events.state, state);
  }
  assert.deepEqual(
    told.map(({ from, to }) => `${from} → ${to}`),
    ['starting → restoring', 'restoring → live', 'live → saving', 'saving → live', 'live → stopped'],
  );
});

test('whoever listens finds the new state in place', () => {
  const events = new Events();
  let seen: State | undefined;
  events.on('state', () => {
    seen = events.state;
  });
  events.setState('live');
  assert.equal(seen, 'live');
});

test('an observer gets every event of its name', () => {
  const events = new Events();
  const seen: string[] = [];
  events.observe('warning', ({ message }) => seen.push(message));
  events.emit('warning', { name: 'a', message: 'first' });
  events.emit('recovered', {});
  events.emit('warning', { name: 'b', message: 'second' });
  assert.deepEqual(seen, ['first', 'second']);
});

test('every state stands once in the list', () => {
  const states: Record<State, true> = {
    ...{ starting: true, waiting: true, restoring: true, live: true },
    ...{ saving: true, stopping: true, stopped: true },
  };
  assert.deepEqual([...STATES].sort(), Object.keys(states).sort());
});
