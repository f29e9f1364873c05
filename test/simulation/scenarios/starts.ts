import assert from 'node:assert/strict';
import { hashRequest } from '../faults/requests.ts';
import { addForeign, addLegacy } from '../faults/setup.ts';
import { type Actor, Script } from '../script.ts';
import { RULES, SET } from '../world/rules.ts';
import type { Scenario } from './scenario.ts';

const N1 = `${SET}-0000000001`;

/** What a start must look at before the application may see the volume. */
export const STARTS: readonly Scenario[] = [
  {
    rule: '1',
    title: 'a name that was freed between list and claim does not confirm the claim',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.pod().until('create claim');
      const b = await script.running();
      await b.saves();
      assert.equal(script.order, 'n1 n3');
      await a.toGate();
      assert.equal(a.holds, b.holds);
      script.check();
    },
  },
  {
    rule: '6',
    title: 'a start past a lock looks a second time for what was committed meanwhile',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.change();
      await a.until('commit data');
      const b = await script.pod().until('extracted');
      await a.toRest();
      await b.toGate();
      assert.equal(b.holds, a.holds);
      script.check();
    },
  },
  {
    rule: '9',
    title: "a start waits for a lock as long as a living writer's final save may take",
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.change();
      const last = a.holds;
      a.pod.terminate();
      await a.until('commit data');
      const b = script.pod();
      await b.goesOnFor(150_000);
      await a.ends();
      await b.toGate();
      assert.equal(b.holds, last);
      assert.equal(a.exit, 0);
      script.check();
    },
  },
  {
    rule: '11a',
    title: 'a request whose pod died after its claim is applied by the next',
    async play(mutation) {
      const script = new Script(mutation).data(3);
      const request = hashRequest(N1);
      const b = await script.pod({ request }).until('extracted');
      b.pod.lose();
      const c = await script.running({ request });
      assert.equal(c.holds, 's1');
      script.check();
    },
  },
  {
    rule: '11b',
    title: 'a request that was applied lasts, though the application changes nothing',
    async play(mutation) {
      const script = new Script(mutation).data(3);
      const b = await script.running({ request: hashRequest(N1) });
      await b.toRest();
      b.pod.lose();
      const c = await script.running();
      assert.equal(c.holds, 's1');
      script.check();
    },
  },
  {
    rule: '11c',
    title:
      'a record of a request that lacks entries is followed by another, also where another pod comes between',
    async play(mutation) {
      const script = new Script(mutation).data(3);
      const b = script.pod({ request: hashRequest(N1) });
      await b.does('commit data', 'incomplete');
      const c = await script.pod().until('list');
      await c.does('create claim');
      await c.does('commit claim');
      c.pod.lose();
      await b.toGate();
      assert.equal(b.holds, 's1');
      script.check();
    },
  },
  {
    rule: '13',
    title: 'what was restored is on the disk before the marker says so',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.pod().until('gate');
      a.pod.losePower();
      await a.toGate();
      assert.equal(a.holds, 's1');
      script.check();
    },
  },
  {
    rule: '14',
    title: "somebody else's archive with a name of the order takes its number, and fences nobody",
    async play(mutation) {
      const script = new Script(mutation).data(1);
      addForeign(script.cluster, `${SET}-0000000002`);
      const a = await script.running();
      assert.equal(script.order.includes('c3'), true);
      addForeign(script.cluster, `${SET}-0000000004`);
      await a.saves();
      assert.equal(a.state, 'live');
      assert.equal(script.order.includes('n5'), true);
      script.check();
    },
  },
  {
    rule: '15',
    title: "a repository of somebody else's archives is not taken for an empty one",
    async play(mutation) {
      const script = new Script(mutation);
      addForeign(script.cluster, 'photos');
      const a = await script.pod().ends();
      assert.equal(a.exit, 3);
      script.check();
    },
  },
  {
    rule: '16a',
    title: 'what the predecessor commits between list and claim stops the start',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.pod().until('create claim');
      addLegacy(script.cluster, '1700000000');
      await a.ends();
      assert.equal(a.exit, 3);
      script.check();
    },
  },
  {
    rule: '16b',
    title: 'a return to the predecessor for a while is recognised',
    async play(mutation) {
      const script = new Script(mutation);
      addLegacy(script.cluster, '1700000000');
      const a = await script.running();
      await a.saves();
      a.pod.terminate();
      await a.ends();
      addLegacy(script.cluster, '1700000600');
      const b = await script.pod().ends();
      assert.equal(b.exit, 3);
      script.check();
    },
  },
  {
    rule: '19',
    title: 'a container in a crash loop leaves one claim, and does not wait for itself',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = script.pod();
      for (let crash = 0; crash < 3; crash += 1) {
        await a.until('extracted');
        a.pod.crash();
      }
      await a.toGate();
      assert.equal(script.order, 'n1 c2');
      script.check();
    },
  },
  {
    rule: '26',
    title: 'a writer that saves on and on is waited for once',
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const a = await script.running();
      a.pod.prestop();
      await a.saves();
      const b = await script.pod().toRest();
      assert.equal(b.isOpen, false);
      for (let round = 0; round < 8 && !b.isOpen; round += 1) {
        await a.saves();
        await b.wakes();
        await b.goesOn(() => b.isOpen || isWaiting(b));
      }
      assert.equal(b.isOpen, true);
      assert.equal(b.holds, a.holds);
      script.check();
    },
  },
  {
    rule: '27',
    title: 'files of unknown origin are not put above data that exists',
    async play(mutation) {
      const script = new Script(mutation, { ...RULES, onNonemptyVolume: 'adopt' }).data(1);
      const a = script.pod();
      a.pod.change();
      await a.goesOn(() => a.exit !== undefined || a.isOpen);
      script.check();
      assert.equal(a.exit, 3);
    },
  },
  {
    rule: '28',
    title: "another set's archive is not restored, whatever its name looks like",
    async play(mutation) {
      const script = new Script(mutation).data(1);
      const { comment } = script.cluster.repository.archives[0] ?? { comment: '' };
      const others = comment.replace(`set=${SET}`, 'set=gitea').replace('seq=1', 'seq=2');
      addForeign(script.cluster, `${SET}-0000000002`, others);
      const a = await script.running();
      assert.equal(a.holds, 's1');
      script.check();
    },
  },
];

function isWaiting({ pod }: Actor): boolean {
  return pod.container?.steps.some(({ op }) => op === 'wait') === true;
}
