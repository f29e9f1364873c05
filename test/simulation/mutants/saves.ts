import type { Order } from '../../../sidecar/src/lineage/order.ts';
import { TABLE } from '../../../sidecar/src/lineage/table.ts';
import { isRecord } from '../world/repository.ts';
import { lateNames, type Mutant, override } from './mutant.ts';

/** Saves that count too early, and retention that takes too much. */
export const SAVES: readonly Mutant[] = [
  {
    rule: '2a',
    title: 'retention sorts by time',
    mutation: {
      table: {
        chooseDeletions: (order, own, keep) => {
          const data = order.data.toSorted((one, other) => one.archive.time - other.archive.time);
          const names = keep === undefined ? [] : data.slice(0, -3).map(({ archive }) => archive.name);
          return { ...TABLE.chooseDeletions(order, own, undefined), names };
        },
      },
    },
  },
  {
    rule: '2b',
    title: 'retention keeps the three newest archives of any kind',
    mutation: {
      parts: (parts, { pod: { cluster } }) => ({
        ...parts,
        repository: override(parts.repository, {
          delete: async () => {
            const kept = () =>
              cluster.repository.archives
                .filter((each) => isRecord(each) || each.kind === 'data')
                .toSorted((one, other) => one.sequence - other.sequence)
                .slice(0, -3);
            await parts.repository.delete(lateNames((name) => kept().some((each) => each.name === name)));
          },
        }),
      }),
    },
  },
  { rule: '3', title: 'a save counts without a list after it', mutation: { table: { isHead: () => true } } },
  { rule: '4', title: 'all tries are one', mutation: { table: { chooseTry: () => 'aaaaaaaaaaaaaaaa' } } },
  {
    rule: '5',
    title: "the own archives are another writer's",
    mutation: { table: { whoseName: (entry) => (entry === undefined ? 'foreign' : 'other') } },
  },
  {
    rule: '10',
    title: 'nothing is held',
    mutation: {
      table: { chooseDeletions: (order, own, keep) => TABLE.chooseDeletions(inLine(order), own, keep) },
    },
  },
  {
    rule: '17',
    title: 'the guard ends with the container',
    mutation: {
      table: {
        resync: (order, marker) => {
          const next = TABLE.resync(order, marker);
          return next === 'fenced' ? next : { ...next, guard: '-' };
        },
      },
    },
  },
  { rule: '18', title: 'whatever is there is archived', mutation: { table: { mayArchive: () => true } } },
  {
    rule: '21',
    title: 'all records of others are deleted, from a fresh list',
    mutation: {
      parts: (parts, { pod: { cluster, volume } }) => ({
        ...parts,
        repository: override(parts.repository, {
          delete: async (names) => {
            const isOther = (name: string) =>
              cluster.repository.archives.some(
                (each) => each.name === name && isRecord(each) && each.writer !== volume.marker?.writer,
              );
            await parts.repository.delete(lateNames((name) => names.includes(name) || isOther(name)));
          },
        }),
      }),
    },
  },
  {
    rule: '24',
    title: 'what counted as saved goes on counting during a create',
    mutation: { table: { savedWhileCreating: (saved) => saved } },
  },
];

/** As if each data archive came from the one below it. */
function inLine(order: Order): Order {
  const data = order.data.map((entry, at) => {
    const below = order.data[at - 1];
    const parent = { sequence: below?.sequence ?? 0, id: below?.archive.id ?? '-' };
    return { ...entry, comment: { ...entry.comment, parent } };
  });
  return { ...order, data };
}
