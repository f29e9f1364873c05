import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { untilNoneUses } from './orphans.ts';
import type { Environment, Pod } from './pod.ts';

/**
 * Starts the pod and waits for it to give up. Whatever the reason, it says one sentence as its last line and in its
 * termination log, it never lets the application run, and it leaves no process. Returns that sentence.
 */
export async function refusal(pod: Pod, exitCode: 2 | 3, env: Environment = {}): Promise<string> {
  await pod.start(env);
  const exit = await pod.container.ended();
  const last = pod.lines.at(-1);
  const words = await pod.lastWords();
  assert.deepEqual(exit, { exitCode, signal: null }, pod.log.tail());
  assert.equal(last?.event, 'stopped', pod.log.tail());
  assert.equal(last.exitCode, exitCode);
  assert.equal(words, `${last.msg}\n`);
  assert.match(words, /^\S[^\n]*\.\n$/);
  assert.deepEqual([...pod.seen('gate.opened'), ...pod.seen('save.started')], []);
  assert.ok(!existsSync(pod.readyFile));
  await untilNoneUses(pod.dir);
  return words.trimEnd();
}
