import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../../../sidecar/src/server/metrics.ts';

/** The samples of a metric, without its help and type. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const { text } = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith(`borg_volume_sync_${name}`));
}

test('a gauge is what it was set to last', async () => {
  const metrics = new Metrics();
  metrics.set('volume_bytes', 5);
  metrics.set('volume_bytes', 3);
  assert.deepEqual(await samples(metrics, 'volume_bytes'), ['borg_volume_sync_volume_bytes 3']);
});

test('a counter adds up', async () => {
  const metrics = new Metrics();
  metrics.add('added_bytes_total', 5);
  metrics.add('added_bytes_total', 3);
  assert.deepEqual(await samples(metrics, 'added_bytes_total'), ['borg_volume_sync_added_bytes_total 8']);
});

test('a counter is never set', async () => {
  const metrics = new Metrics();
  metrics.add('saves_total', 2);
  metrics.set('saves_total', 0);
  assert.deepEqual(await samples(metrics, 'saves_total'), ['borg_volume_sync_saves_total 2']);
});

test('labels keep values apart', async () => {
  const metrics = new Metrics();
  metrics.set('state', 0, { state: 'starting' });
  metrics.set('state', 1, { state: 'live' });
  metrics.add('failures_total', 1, { reason: 'locked' });
  metrics.add('failures_total', 1, { reason: 'locked' });
  metrics.add('failures_total', 1, { reason: 'say "hi"\\' });
  assert.deepEqual(await samples(metrics, 'state'), [
    'borg_volume_sync_state{state="starting"} 0',
    'borg_volume_sync_state{state="live"} 1',
  ]);
  assert.deepEqual(await samples(metrics, 'failures_total'), [
    'borg_volume_sync_failures_total{reason="locked"} 2',
    'borg_volume_sync_failures_total{reason="say \\"hi\\"\\\\"} 1',
  ]);
});

test('before anything has happened gauges and counters are 0', async () => {
  assert.deepEqual(await samples(new Metrics(), 'ready'), ['borg_volume_sync_ready 0']);
  assert.deepEqual(await samples(new Metrics(), 'saves_total'), ['borg_volume_sync_saves_total 0']);
});

test('the metrics of two runs are apart', async () => {
  const [first, second] = [new Metrics(), new Metrics()];
  first.add('saves_total', 1);
  assert.deepEqual(await samples(second, 'saves_total'), ['borg_volume_sync_saves_total 0']);
});

test('each metric has a help that is a sentence, and counters end in _total', async () => {
  const { text, type } = await new Metrics().render();
  assert.match(type, /^text\/plain; version=/);
  const helps = text.split('\n').filter((line) => line.startsWith('# HELP '));
  const types = text.split('\n').filter((line) => line.startsWith('# TYPE '));
  assert.ok(helps.length >= 10, text);
  assert.equal(types.length, helps.length);
  for (const help of helps) {
    assert.match(help, /^# HELP borg_volume_sync_[a-z_]+ [A-Z1].*\.$/);
  }
  for (const each of types) {
    assert.match(
      each,
      / (?:borg_volume_sync_[a-z_]+_total counter|borg_volume_sync_[a-z_]+(?<!_total) gauge)$/,
    );
  }
});
