import assert from 'node:assert/strict';
import { Script } from '../script.ts';
import type { Scenario } from './scenario.ts';

/** What a save must look at before it counts, and what goes afterwards. */
export const SAVES: readonly Scenario[] = [
  {
    rule: '2a',
    title: 'retention goes by numbers, whatever the clocks say',
    async play(mutation) {
      const script = new Script(mutation, { keep: { secondly: 3 } }).data(3);
      const b = script.pod();
      b.pod.skewMs = -21 * 86_400_000;
      await b.toGate();
      await b.saves();
      assert.equal(script.order.includes('n5'), true);
      script.check();
    },
  },
  {
    rule: '2b',
    title: 'retention counts no claims',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      a.pod.change();
      await a.does('wait');
      await a.until('delete');
      for (let pod = 0; pod < 3; pod += 1) {
        const other = await script.pod().until('extract');
        other.pod.lose();
      }
      await a.does('delete');
      script.check();
      assert.equal(script.order, 'n1 n3 c4 c5 c6');
    },
  },
  {
    rule: '3',
    title: 'a save on a freed number below the head does not count',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.change();
      await a.until('create data');
      const b = await script.running();
      await b.saves();
      assert.equal(script.order, 'n1 n4');
      await a.toRest();
      assert.equal(a.state, 'fenced');
      a.pod.terminate();
      await a.ends();
      assert.equal(a.exit, 0);
      assert.equal(script.order, 'f1 n1 n3 n4');
      script.check();
    },
  },
  {
    rule: '4',
    title: 'an own archive that exists acknowledges the state of its own try',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.change();
      await a.does('commit data', 'lost');
      a.pod.change();
      await a.toRest();
      a.pod.terminate();
      await a.ends();
      assert.equal(a.exit, 0);
      script.check();
    },
  },
  {
    rule: '5',
    title: 'the own writer is never a fence',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.change();
      await a.does('commit data', 'lost');
      a.pod.crash();
      await a.toRest();
      a.pod.change();
      await a.does('wait');
      await a.does('commit data', 'lost');
      await a.does('wait');
      await a.toRest();
      assert.equal(a.state, 'live');
      script.check();
    },
  },
  {
    rule: '10',
    title: 'data that a newer writer passed over is held',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const b = await script.behindDeadLock();
      script.freeLock('commits');
      assert.equal(script.order, 'n1 c2 n3');
      await b.toRest();
      await b.saves(4);
      assert.equal(script.order.includes('n3'), true);
      script.check();
    },
  },
  {
    rule: '17',
    title: 'what a loss has to be accepted against stays, also after a restart',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      await a.saves();
      a.pod.change(true);
      await a.wakes();
      await a.toRest();
      a.pod.crash();
      await a.toRest();
      await a.saves(4);
      assert.equal(script.order.includes('n3'), true);
      script.check();
    },
  },
  {
    rule: '18',
    title: 'a volume that was wiped under the program does not become the head',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      a.pod.wipe();
      await a.wakes();
      await a.toRest();
      assert.equal(script.order, 'n1 c2');
      script.check();
    },
  },
  {
    rule: '21',
    title: 'nothing is deleted that is not below the own archive',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const dead = await script.pod().until('extract');
      dead.pod.lose();
      const b = await script.pod().until('delete');
      const c = await script.pod().until('settle');
      await b.does('delete');
      b.pod.change();
      await b.toRest();
      await c.toGate();
      script.check();
      assert.equal(b.state, 'fenced');
      assert.equal(c.state, 'live');
    },
  },
  {
    rule: '24',
    title: 'nothing counts as saved while a create is not confirmed',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      await a.toRest();
      a.pod.change();
      await a.wakes();
      await a.does('commit data', 'lost');
      a.pod.undo();
      a.pod.terminate();
      await a.goesOn(() => a.exit !== undefined || a.isAbout('create close') || a.isAbout('create data'));
      for (let attempt = 0; attempt < 3 && a.isAbout('create close'); attempt += 1) {
        await a.does('create close', 'cut');
        await a.goesOn(() => a.exit !== undefined || a.isAbout('create close'));
      }
      await a.ends();
      script.check();
      assert.equal(a.exit, 0);
      const b = await script.running();
      assert.equal(b.holds, 's1');
    },
  },
];
