import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Events, STATES, type State } from '../../../sidecar/src/lifecycle/events.ts';
import {
  ending,
  FakeLifecycle,
  failing,
  NOTHING_SEEN,
  nothing,
  SIGTERM_SEEN,
} from '../../support/lifecycle.ts';

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
    ...{ saving: true, fenced: true, stopping: true, stopped: true },
  };
  assert.deepEqual([...STATES].sort(), Object.keys(states).sort());
});

describe('the state of a run', () => {
  const named = { archive: 'grafana-0000000007', kind: 'data', writer: 'a', pod: 'grafana-1' } as const;
  const listed = {
    ...{ id: 'repo', archives: 7, head: named, forks: [], held: [], strays: [], legacy: 0, guard: '-' },
  };
  const started = { archive: named.archive, final: false, files: 1, bytes: 1 };

  test('follows the order, which is told on unchanged', async () => {
    using life = new FakeLifecycle({ waits: [nothing, nothing, nothing] });
    const { host } = life;
    const events: unknown[] = [];
    life.context.events.on('listed', (event) => events.push(event));
    host.tell('handover.waiting', { ...named, closing: false, forMs: 1 });
    await host.wait(1, NOTHING_SEEN);
    host.tell('listed', listed);
    host.setReady();
    host.tell('save.started', started);
    host.tell('listed', listed);
    await host.wait(1, NOTHING_SEEN);
    host.fenced = true;
    host.tell('fenced', { by: named });
    host.tell('listed', listed);
    await host.wait(1, NOTHING_SEEN);
    assert.deepEqual(life.told, ['waiting', 'saving', 'live', 'fenced']);
    assert.ok(events.length === 3 && events.every((event) => event === listed));
  });

  test('stays fenced while forks are made', async () => {
    using life = new FakeLifecycle({ waits: [nothing, nothing] });
    life.host.fenced = true;
    life.host.setReady();
    await life.host.wait(1, NOTHING_SEEN);
    await life.host.backOff('fork', failing('unreachable'), NOTHING_SEEN);
    assert.deepEqual(life.told, ['fenced']);
  });

  test('stays restoring while the claim is listed', () => {
    using life = new FakeLifecycle();
    life.context.events.setState('restoring');
    life.host.tell('listed', listed);
    assert.deepEqual(life.told, ['restoring']);
  });

  test('stays stopping, whatever is done then', async () => {
    using life = ending(nothing, nothing);
    life.context.events.setState('stopping');
    await life.host.wait(1, SIGTERM_SEEN);
    await life.host.backOff('final save', failing('unreachable'), SIGTERM_SEEN);
    life.host.tell('save.started', { ...started, final: true });
    life.host.tell('fenced', { by: undefined });
    life.host.tell('listed', listed);
    assert.deepEqual(life.told, ['stopping']);
  });
});
