import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesOf } from '../../../sidecar/src/lifecycle/rules.ts';
import type { Rules } from '../../../sidecar/src/lineage/ports.ts';
import type { Environment } from '../../../sidecar/src/settings/parse.ts';
import { FakeLifecycle } from '../../support/lifecycle.ts';

const GIB = 2 ** 30;

function rules(env: Environment = {}): Rules {
  using life = new FakeLifecycle({ env });
  return rulesOf(life.context.settings, life.context.world);
}

test('what nobody has set follows from the defaults', () => {
  const { chunkerFor, keep, ...rest } = rules();
  assert.deepEqual(rest, {
    ...{ set: 'grafana', volume: '/data', pod: 'grafana-0', app: '' },
    ...{ handoverTimeoutMs: 30_000, closingTimeoutMs: 360_000, lockTimeoutMs: 390_000 },
    ...{ intervalMs: 300_000, quietMs: 10_000, leastBetweenSavesMs: 60_000, lookEveryMs: 4_500 },
    handoverPollMs: 1_000,
    ...{ compactEveryMs: 604_800_000, checkEveryMs: 2_592_000_000 },
    ...{ onEmptyRepository: 'start', onNonemptyVolume: 'fail', request: undefined, repositoryId: undefined },
    sizeLimitBytes: undefined,
    shrinkGuard: 0.5,
  });
  assert.deepEqual(keep, { minutely: 4, hourly: 4, daily: 7, weekly: 4, monthly: 2, ignored: [] });
  assert.equal(chunkerFor(undefined, 8 * GIB), 'fixed,131072');
});

test('what somebody has set is a rule', () => {
  const id = 'f'.repeat(64);
  const { chunkerFor, keep, ...rest } = rules({
    ...{ APP_VERSION: '12.1', HANDOVER_TIMEOUT: '0s', LOCK_TIMEOUT: '10m', FINAL_BACKUP_TIMEOUT: '2m' },
    ...{
      BACKUP_INTERVAL: '1m',
      BACKUP_QUIET_PERIOD: '0s',
      BACKUP_MIN_INTERVAL: '7s',
      ON_EMPTY_REPOSITORY: 'fail',
      ON_NONEMPTY_VOLUME: 'adopt',
    },
    ...{ REPOSITORY_ID: id, SHRINK_GUARD: '5%', PRUNE_FLAGS: '--keep-last 3', CHUNKER_PARAMS: 'default' },
  });
  assert.deepEqual(rest, {
    ...{ set: 'grafana', volume: '/data', pod: 'grafana-0', app: '12.1' },
    ...{ handoverTimeoutMs: 0, closingTimeoutMs: 180_000, lockTimeoutMs: 600_000 },
    ...{ intervalMs: 60_000, quietMs: 0, leastBetweenSavesMs: 7_000, lookEveryMs: 4_500 },
    handoverPollMs: 1_000,
    ...{ compactEveryMs: 604_800_000, checkEveryMs: 2_592_000_000 },
    ...{ onEmptyRepository: 'fail', onNonemptyVolume: 'adopt', request: undefined, repositoryId: id },
    sizeLimitBytes: undefined,
    shrinkGuard: 0.05,
  });
  assert.deepEqual(keep, { secondly: 3, ignored: [] });
  assert.equal(chunkerFor('fixed,65536', GIB), 'default');
});

test('a lock is waited for as long as a last save may take, and 90 s', () => {
  assert.equal(rules({ FINAL_BACKUP_TIMEOUT: '20s' }).lockTimeoutMs, 110_000);
});

test('without retention nothing is kept for a reason, since nothing is deleted', () => {
  assert.equal(rules({ PRUNE_FLAGS: 'none' }).keep, undefined);
});

// printf %s '<text>' | sha256sum | cut -c1-16
for (const [env, text, hash, wanted] of [
  [
    { RESTORE_ARCHIVE: 'grafana-0000000005' },
    'RESTORE_ARCHIVE=grafana-0000000005',
    '2a805e28f6cd042f',
    { archive: 'grafana-0000000005' },
  ],
  [
    { RESTORE_ARCHIVE: '1700000000-exit' },
    'RESTORE_ARCHIVE=1700000000-exit',
    'f845fb6d2bd4eca6',
    { archive: '1700000000-exit' },
  ],
  [
    { RESTORE_AT: '2026-11-23T22:30:00+01:00' },
    'RESTORE_AT=2026-11-23T21:30:00.000Z',
    'd6e67049b183d210',
    { notAfterMs: Date.UTC(2026, 10, 23, 21, 30) },
  ],
] as const) {
  test(`the request ${text} is known by ${hash}`, () => {
    assert.deepEqual(rules(env).request, { text, hash, wanted });
  });
}

test('the same moment is the same request, however it is written', () => {
  const [first, ...others] = ['2026-11-23T21:30Z', '2026-11-23T21:30:00.0Z', '2026-11-24T00:30+03:00'].map(
    (text) => rules({ RESTORE_AT: text }).request,
  );
  assert.ok(first);
  assert.deepEqual(others, [first, first]);
});
