import type { Order } from '../../../sidecar/src/lineage/order.ts';
import type { Parts } from '../../../sidecar/src/lineage/parts.ts';
import type { Seen } from '../../../sidecar/src/lineage/rows/start.ts';
import { TABLE } from '../../../sidecar/src/lineage/table.ts';
import { SET } from '../world/rules.ts';
import { type Mutant, override } from './mutant.ts';

/** Starts that do not look at all that they should. */
export const STARTS: readonly Mutant[] = [
  {
    rule: '1',
    title: 'a claim counts without a list after it',
    mutation: { table: { isConfirmed: () => true } },
  },
  { rule: '6', title: 'a start past a lock lists once', mutation: { table: { isUnchanged: () => true } } },
  {
    rule: '9',
    title: 'LOCK_TIMEOUT is 60 s',
    mutation: { parts: (parts) => ({ ...parts, rules: { ...parts.rules, lockTimeoutMs: 60_000 } }) },
  },
  { rule: '11a', title: 'a claim records the request', mutation: { parts: recordInClaim } },
  {
    rule: '11b',
    title: 'a request is not recorded before the gate',
    mutation: { table: { mustRecord: () => false } },
  },
  {
    rule: '11c',
    title: 'a record that lacks entries is as good as another',
    mutation: { parts: withoutWarnings },
  },
  {
    rule: '13',
    title: 'nothing is flushed before the marker',
    mutation: {
      parts: (parts) => ({ ...parts, volume: override(parts.volume, { settle: async () => {} }) }),
    },
  },
  {
    rule: '14',
    title: 'only archives of ours take numbers',
    mutation: {
      table: {
        readOrder: (set, list) =>
          changed(TABLE.readOrder(set, list), ({ head }) => ({ top: head?.sequence ?? 0 })),
      },
    },
  },
  {
    rule: '15',
    title: 'foreign archives are nobody',
    mutation: { table: { findObstacle: forgiving('foreign') } },
  },
  {
    rule: '16a',
    title: "the predecessor's archives are not compared",
    mutation: {
      table: {
        isConfirmed: (first, second, own, claim) =>
          TABLE.isConfirmed({ ...first, legacy: 0 }, { ...second, legacy: 0 }, own, claim),
      },
    },
  },
  {
    rule: '16b',
    title: 'newer archives of the predecessor stop nobody',
    mutation: { table: { findObstacle: forgiving('legacy') } },
  },
  {
    rule: '19',
    title: 'each container makes a claim of its own',
    mutation: { table: { chooseClaim: ({ top }) => ({ sequence: top + 1, won: false }) } },
  },
  {
    rule: '26',
    title: 'the time for a writer begins anew with each archive',
    mutation: { table: { noteWriter: forgetful } },
  },
  {
    rule: '27',
    title: 'files are adopted over existing data',
    mutation: {
      parts: (parts, { pod }) =>
        pod.rules.onNonemptyVolume === 'adopt' ? withOrder(parts, () => ({ newest: undefined })) : parts,
    },
  },
  {
    rule: '28',
    title: "another set's archives are of ours",
    mutation: {
      table: {
        readOrder: (set, { repositoryId, archives }) => {
          const ours = archives.map((each) => ({
            ...each,
            comment: each.comment.replace(/set=\S+/, `set=${SET}`),
          }));
          return TABLE.readOrder(set, { repositoryId, archives: ours });
        },
      },
    },
  },
];

function changed(order: Order, change: (order: Order) => Partial<Order>): Order {
  return { ...order, ...change(order) };
}

function withOrder(parts: Parts, change: (order: Order) => Partial<Order>): Parts {
  const { table } = parts;
  return {
    ...parts,
    table: { ...table, readOrder: (set, list) => changed(table.readOrder(set, list), change) },
  };
}

function forgiving(kind: string): typeof TABLE.findObstacle {
  return (order, how) => {
    const obstacle = TABLE.findObstacle(order, how);
    return obstacle?.kind === kind ? undefined : obstacle;
  };
}

function withoutWarnings(parts: Parts): Parts {
  const { repository } = parts;
  const create: typeof repository.create = async (creation) => {
    const answer = await repository.create(creation);
    return answer.kind === 'created' ? { ...answer, incomplete: undefined } : answer;
  };
  return { ...parts, repository: override(repository, { create }) };
}

function recordInClaim(parts: Parts): Parts {
  const { request } = parts.rules;
  const { table } = parts;
  return {
    ...parts,
    table: {
      ...table,
      inherit: (order) => ({ ...table.inherit(order), ...(request && { restore: request.hash }) }),
      isRequested: (order, request): request is NonNullable<typeof request> =>
        table.isRequested(order, request) && order.head?.comment.restore !== request.hash,
      chooseTarget: (order, request) =>
        table.chooseTarget(order, order.head?.comment.restore === request?.hash ? undefined : request),
    },
  };
}

function forgetful(order: Order, seen: Map<string, Seen>, nowMs: number): void {
  const comment = order.head?.comment;
  if (comment !== undefined && !seen.has(comment.try)) {
    seen.set(comment.try, { sinceMs: nowMs, closingSinceMs: nowMs });
    seen.set(comment.writer, { sinceMs: nowMs, closingSinceMs: comment.closing ? nowMs : undefined });
  }
}
