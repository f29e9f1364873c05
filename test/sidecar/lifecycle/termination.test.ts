import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, mock, test } from 'node:test';
import { Termination } from '../../../sidecar/src/lifecycle/termination.ts';
import { WAITS } from '../../../sidecar/src/lifecycle/waits.ts';
import { Refusal } from '../../../sidecar/src/lineage/refusal.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

const MINUTE = 60_000;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
});

function begin(stoppingFile = '/not/there', finalBackupTimeout = 5 * MINUTE): Termination {
  return new Termination({ stoppingFile, finalBackupTimeout, waits: WAITS, now: Date.now });
}

/** Milliseconds until the deadline fires, to the second. */
function untilDeadline({ deadline }: Termination): number {
  const began = Date.now();
  while (!deadline.aborted && Date.now() - began < 60 * MINUTE) {
    mock.timers.tick(1_000);
  }
  return Date.now() - began;
}

const rows: [name: string, prestopBefore: number | undefined, timeout: number, left: number][] = [
  ['SIGTERM alone', undefined, 5 * MINUTE, 5 * MINUTE],
  ['SIGTERM at once after prestop', 0, 5 * MINUTE, 5 * MINUTE],
  ['SIGTERM a minute after prestop', MINUTE, 5 * MINUTE, 4 * MINUTE],
  ['SIGTERM 30 s before the end', 4.5 * MINUTE, 5 * MINUTE, 30_000],
  ['SIGTERM 10 s before the end', 5 * MINUTE - 10_000, 5 * MINUTE, 30_000],
  ['SIGTERM long after the end', 20 * MINUTE, 5 * MINUTE, 30_000],
  ['a time that is shorter than the least', undefined, 1_000, 30_000],
];

for (const [name, prestopBefore, timeout, left] of rows) {
  test(`${name} leaves ${left / 1_000} s`, () => {
    const termination = begin('/not/there', timeout);
    if (prestopBefore !== undefined) {
      termination.tellPrestop();
      mock.timers.tick(prestopBefore);
    }
    termination.tellSigterm();
    assert.equal(termination.sigterm.aborted, true);
    assert.equal(untilDeadline(termination), left);
    termination.close();
  });
}

test('a second SIGTERM changes nothing', () => {
  const termination = begin();
  termination.tellSigterm();
  const { reason } = termination.sigterm;
  mock.timers.tick(MINUTE);
  termination.tellSigterm();
  assert.equal(termination.sigterm.reason, reason);
  assert.equal(untilDeadline(termination), 4 * MINUTE);
});

test('a second prestop changes nothing', () => {
  const termination = begin();
  termination.tellPrestop();
  mock.timers.tick(MINUTE);
  termination.tellPrestop();
  termination.tellSigterm();
  assert.equal(untilDeadline(termination), 4 * MINUTE);
});

test('prestop alone sets no deadline', () => {
  const termination = begin();
  termination.tellPrestop();
  assert.deepEqual([termination.prestop.aborted, termination.sigterm.aborted], [true, false]);
  assert.equal(untilDeadline(termination), 60 * MINUTE);
});

test('the deadline says what is over', () => {
  const termination = begin();
  termination.tellSigterm();
  untilDeadline(termination);
  assert.ok(termination.deadline.reason instanceof Refusal);
  assert.match(termination.deadline.reason.message, /FINAL_BACKUP_TIMEOUT.*\.$/);
});

test('the file is prestop, noticed within half a second and once', async () => {
  await using directory = await TemporaryDirectory.make();
  const file = join(directory.path, 'STOPPING');
  const termination = begin(file);
  let told = 0;
  termination.prestop.addEventListener('abort', () => {
    told += 1;
  });
  mock.timers.tick(10_000);
  assert.equal(told, 0);
  writeFileSync(file, '');
  mock.timers.tick(500);
  assert.equal(told, 1);
  mock.timers.tick(MINUTE);
  termination.tellSigterm();
  assert.equal(told, 1);
  assert.equal(untilDeadline(termination), 4 * MINUTE);
});

test('after the end nothing is looked at and nothing fires', async () => {
  await using directory = await TemporaryDirectory.make();
  const file = join(directory.path, 'STOPPING');
  const termination = begin(file);
  termination.tellSigterm();
  termination.tellSigterm();
  termination.close();
  writeFileSync(file, '');
  assert.equal(untilDeadline(termination), 60 * MINUTE);
  assert.equal(termination.prestop.aborted, false);
});
