import assert from 'node:assert/strict';
import { type Actor, Script } from '../script.ts';
import type { Scenario } from './scenario.ts';

/** Who fences whom, how a writer says that it ends, and what a fenced one keeps. */
export const FENCES: readonly Scenario[] = [
  {
    rule: '7',
    title: 'a writer without a claim is fenced by who began after it',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const b = await script.behindDeadLock();
      script.freeLock();
      const c = await script.running();
      await c.toRest();
      await c.saves(4);
      b.pod.change();
      await b.toRest();
      await b.saves();
      assert.equal(b.state, 'fenced');
      await c.saves();
      assert.equal(c.state, 'live');
      script.check();
    },
  },
  {
    rule: '8',
    title: 'a late claim fences no other writer without a claim',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const b = await script.behindDeadLock();
      const c = await script.pod().toGate();
      script.freeLock();
      await c.toRest();
      c.pod.lose();
      await b.toRest();
      await b.saves();
      assert.equal(b.state, 'live');
      script.check();
    },
  },
  {
    rule: '12',
    title: 'each fork takes a number of its own',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      await script.running();
      await a.saves();
      assert.equal(a.state, 'fenced');
      a.pod.terminateContainer();
      await a.ends();
      a.pod.change();
      await a.toGate();
      a.pod.terminate();
      await a.ends();
      script.check();
      assert.equal(a.exit, 0);
      assert.equal(script.order.startsWith('f1 f2'), true);
    },
  },
  {
    rule: '20',
    title: 'a close that meets a newer claim fences its own writer',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      const b = await script.running();
      await b.toRest();
      a.pod.prestop();
      await a.wakes();
      await a.toRest();
      await b.saves();
      assert.equal(b.state, 'live');
      assert.equal(a.state, 'fenced');
      script.check();
    },
  },
  {
    rule: '22',
    title: 'only SIGTERM makes an archive final',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      a.pod.prestop();
      await a.wakes();
      await a.toRest();
      const b = await script.pod().toRest();
      a.pod.change();
      const last = a.holds;
      a.pod.terminate();
      await a.ends();
      assert.equal(a.exit, 0);
      await b.toGate();
      assert.equal(b.holds, last);
      script.check();
    },
  },
  {
    rule: '23',
    title: 'after a restart one save follows, also over an own final archive',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      a.pod.terminateContainer();
      await a.ends();
      assert.equal(a.exit, 0);
      a.pod.change();
      const last = a.holds;
      await a.toGate();
      a.pod.terminate();
      await a.ends();
      script.check();
      const b = await script.running();
      assert.equal(b.holds, last);
    },
  },
  {
    rule: '25',
    title: 'a fenced writer tidies its own forks only, but the first and the three newest',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      const b = await script.running();
      await b.toRest();
      await script.running();
      await b.saves();
      await a.saves(6);
      script.check();
      assert.equal(script.order.split(' ').slice(0, 5).join(' '), 'f1 f1 f4 f5 f6');
    },
  },
  {
    rule: '30a',
    title: 'a writer that claims anew after one without a claim had looked fences that one',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const { old, late } = await claimAnew(script);
      await old.toGate();
      await late.toRest();
      await old.saves();
      script.check();
      assert.equal(old.state, 'live');
      assert.equal(late.state, 'fenced');
    },
  },
  {
    rule: '30b',
    title: 'and so does its data, once its claim is deleted',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const { old, late } = await claimAnew(script);
      await old.toGate();
      await old.toRest();
      await old.saves();
      assert.equal(script.order, 'n1 n5');
      await late.toRest();
      late.pod.change();
      await old.saves();
      script.check();
      assert.equal(old.state, 'live');
      assert.equal(late.state, 'fenced');
    },
  },
  {
    rule: '29',
    title: 'the head is reported as who took over, not the archive that was met',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      const b = await script.running();
      await b.toRest();
      const c = await script.running();
      await c.toRest();
      await c.saves(2);
      a.pod.prestop();
      await a.wakes();
      await a.toRest();
      a.pod.terminate();
      await a.ends();
      await b.saves();
      script.check();
      assert.equal(script.takenOverBy, c.writer);
    },
  },
];

/** One that has lost a claim is about to commit another, behind whose lock a third starts without a claim. */
async function claimAnew(script: Script): Promise<{ old: Actor; late: Actor }> {
  const old = await script.pod().until('extract');
  const between = await script.pod().until('extract');
  await old.does('list');
  between.pod.lose();
  await old.until('commit claim');
  const late = await script.pod().toGate();
  return { old, late };
}
