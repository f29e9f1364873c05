import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import type { Marker } from '../../../sidecar/src/lineage/marker.ts';
import type { Entry, Order } from '../../../sidecar/src/lineage/order.ts';
import type { Parts } from '../../../sidecar/src/lineage/parts.ts';
import { TABLE } from '../../../sidecar/src/lineage/table.ts';
import type { Container } from '../world/container.ts';
import { type Mutant, override } from './mutant.ts';

/** Writers that fence, end or keep forks otherwise. */
export const FENCES: readonly Mutant[] = [
  {
    rule: '7',
    title: 'a writer without a claim looks at nobody',
    mutation: {
      table: {
        chooseUnclaimed: (order, marker) =>
          order.head?.comment.writer === marker.writer ? 'claimed' : 'claim',
      },
    },
  },
  {
    rule: '8',
    title: 'late claims fence',
    mutation: {
      table: {
        chooseUnclaimed: (order, marker) => {
          const isOther = order.records.some(
            ({ sequence, comment: { kind, writer } }) =>
              kind === 'claim' &&
              sequence > marker.last &&
              writer !== marker.writer &&
              !marker.known.includes(writer),
          );
          return isOther ? 'fenced' : TABLE.chooseUnclaimed(order, marker);
        },
      },
    },
  },
  {
    rule: '30a',
    title: 'a writer that was there at an unclaimed start is an older one, also if it claims anew',
    mutation: { table: { chooseUnclaimed: (order, marker) => chooseAmong(order, marker, ['claim']) } },
  },
  {
    rule: '30b',
    title: 'the same, of its data',
    mutation: { table: { chooseUnclaimed: (order, marker) => chooseAmong(order, marker, ['data']) } },
  },
  {
    rule: '12',
    title: 'there is one fork',
    mutation: {
      table: {
        chooseFork: (order, own) =>
          order.forks.some(({ writer }) => writer === own) ? { saved: true } : { saved: false, number: 1 },
      },
    },
  },
  {
    rule: '20',
    title: 'a claim takes its number, and fences nobody who meets it',
    mutation: {
      table: {
        whoseName: (entry, own) => {
          const whose = TABLE.whoseName(entry, own);
          return whose === 'other' && entry?.comment.kind === 'claim' ? 'foreign' : whose;
        },
      },
    },
  },
  {
    rule: '22',
    title: 'prestop makes an archive final',
    mutation: {
      table: {
        sayEnding: ({ prestop, sigterm }) => ({ closing: prestop || sigterm, final: prestop || sigterm }),
      },
    },
  },
  {
    rule: '23',
    title: 'what a restart finds counts as saved',
    mutation: {
      parts: (parts, { pod: { volume } }) => ({
        ...parts,
        table: {
          ...parts.table,
          savedAfterRestart: () => (volume.content === 'half' ? undefined : volume.content.digest),
        },
      }),
    },
  },
  {
    rule: '25',
    title: "everybody's forks are tidied",
    mutation: {
      table: { forksToDelete: ({ forks }) => forks.slice(0, -3).map(({ archive }) => archive.name) },
    },
  },
  { rule: '29', title: 'the archive that was met is reported', mutation: { parts: reportMet } },
];

/** The first list after an archive was met that fences ends with it. */
function reportMet(parts: Parts, { pod }: Container): Parts {
  let met: string | undefined;
  return {
    ...parts,
    repository: override(parts.repository, {
      create: async (creation) => {
        const answer = await parts.repository.create(creation);
        met = answer.kind === 'exists' ? creation.name : met;
        return answer;
      },
      list: async (how) => {
        const list = await parts.repository.list(how);
        const last = pod.volume.marker?.state === 'fenced' ? met : undefined;
        if (list.kind !== 'listed' || last === undefined) {
          return list;
        }
        met = undefined;
        return { ...list, archives: list.archives.filter(({ name }) => name <= last) };
      },
    }),
  };
}

/** As the table, but nothing of these kinds by a writer that is known fences. */
function chooseAmong(order: Order, marker: Marker, kinds: readonly Comment['kind'][]) {
  const counts = ({ comment }: Entry) =>
    !(kinds.includes(comment.kind) && marker.known.includes(comment.writer));
  const { data, records } = order;
  return TABLE.chooseUnclaimed(
    { ...order, data: data.filter(counts), records: records.filter(counts) },
    marker,
  );
}
