import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events } from '../../../sidecar/src/lifecycle/events.ts';
import { Monitor } from '../../../sidecar/src/lifecycle/monitor.ts';
import { Metrics } from '../../../sidecar/src/server/metrics.ts';

const first = { set: 'grafana', version: '1.2.3', repository: '/r', sizeLimitBytes: undefined };
const progress = {
  ...{
    percent: 38,
    entries: 19,
    ofEntries: 50,
    bytes: 95,
    ofBytes: 250,
    bytesPerSecond: 12,
    secondsLeft: 13,
  },
};

for (const end of ['waiting', 'live'] as const) {
  test(`how far a restore is can be read while it runs, and is gone once the state is ${end}`, () => {
    const events = new Events();
    const monitor = new Monitor(events, new Metrics(), first, () => 0);
    events.setState('restoring');
    events.emit('restore.progress', progress);
    assert.deepEqual(monitor.status.restoring, progress);
    events.setState(end);
    assert.equal(monitor.status.restoring, undefined);
  });
}

test('how far a restore is is gone once it is done', () => {
  const events = new Events();
  const monitor = new Monitor(events, new Metrics(), first, () => 0);
  events.setState('restoring');
  events.emit('restore.progress', progress);
  events.emit('restore.done', { archive: 'a', entries: 50, bytes: 250, seconds: 20 });
  assert.equal(monitor.status.restoring, undefined);
  assert.equal(monitor.status.restored, 'a');
});

test('calls that failed are counted by their setting, and the limit of the volume is a metric', async () => {
  const events = new Events();
  const metrics = new Metrics();
  const monitor = new Monitor(events, metrics, { ...first, sizeLimitBytes: 2_048 }, () => 0);
  for (const reason of ['it answered 500', 'it answered 404']) {
    events.emit('call.failed', { setting: 'HEARTBEAT_URL', host: 'hc', reason });
  }
  const { text } = await metrics.render();
  assert.match(text, /^borg_volume_sync_call_failures_total\{setting="HEARTBEAT_URL"\} 2$/m);
  assert.match(text, /^borg_volume_sync_volume_size_limit_bytes 2048$/m);
  assert.equal(monitor.status.sizeLimitBytes, 2_048);
});
