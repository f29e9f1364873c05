import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Events } from '../../../sidecar/src/lifecycle/events.ts';
import { isPastLimit, warnOfLimits } from '../../../sidecar/src/lifecycle/limits.ts';

/** A run with these limits, and the names of its warnings. */
function watched(limits: Parameters<typeof warnOfLimits>[1]) {
  const events = new Events();
  const warnings: { name: string; message: string }[] = [];
  events.on('warning', (warning) => warnings.push(warning));
  warnOfLimits(events, limits);
  return {
    warnings,
    look: (bytes: number) =>
      events.emit('looked', { files: 1, bytes, unreadable: [], unsaved: false }) && warnings.length,
    save: (seconds: number) =>
      events.emit('save.done', { archive: 'a', final: false, partial: false, addedBytes: 0, seconds }),
  };
}

describe('the size of a volume', () => {
  test('is warned about from 80 % of its limit on', () => {
    const { look, warnings } = watched({ VOLUME_SIZE_LIMIT: 1_000 });
    look(799);
    assert.deepEqual(warnings, []);
    look(800);
    assert.deepEqual(warnings, [
      {
        name: 'volume.nearly-full',
        message:
          "The volume holds 800 bytes, 80 % of VOLUME_SIZE_LIMIT, 1000. Past it Kubernetes ends the pod, and the newest changes may be lost: delete what is not needed, or raise the volume's sizeLimit and this setting with it.",
      },
    ]);
  });

  test('is warned about again only once it has been below 70 %', () => {
    const { look } = watched({ VOLUME_SIZE_LIMIT: 1_000 });
    const counts = [900, 1_200, 799, 850, 700, 900, 699, 799, 800, 5_000].map(look);
    assert.deepEqual(counts, [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
  });

  for (const [bytes, limit, isPast] of [
    [1_000, 1_000, false],
    [1_001, 1_000, true],
    [2 ** 52, undefined, false],
  ] as const) {
    test(`of ${bytes} is past a limit of ${limit}: ${isPast}`, () => {
      assert.equal(isPastLimit(bytes, { VOLUME_SIZE_LIMIT: limit }), isPast);
    });
  }
});

test('a grace period is warned about once it can not hold twice the last save and 30 s', () => {
  const { save, warnings } = watched({ GRACE_PERIOD: 60_000 });
  save(15);
  assert.deepEqual(warnings, []);
  save(15.001);
  save(100);
  save(1);
  save(100);
  assert.deepEqual(warnings, [
    {
      name: 'grace-period.short',
      message:
        'The last save took 15.001 s. One that takes twice as long and the end of the pod need 61 s, and GRACE_PERIOD is 1m: raise terminationGracePeriodSeconds and this setting with it, or the last changes may be lost with the pod.',
    },
  ]);
});

test('without limits nothing is watched', () => {
  const { look, save, warnings } = watched({});
  look(2 ** 52);
  save(10_000);
  assert.deepEqual(warnings, []);
});
