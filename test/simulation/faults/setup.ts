import type { Comment } from '../../../sidecar/src/lineage/comment.ts';
import { NO_PARENT, writeComment } from '../../../sidecar/src/lineage/comment.ts';
import { lineageName } from '../../../sidecar/src/lineage/names.ts';
import type { Cluster } from '../world/cluster.ts';
import { EMPTY } from '../world/content.ts';
import type { Archive } from '../world/repository.ts';
import { SET } from '../world/rules.ts';

/** The writer of what is there before the first pod. */
export const EARLIER = 'eeeeeeeeeeeeeeee';

/** A data archive of a writer that has ended, above all that is there. */
export function addData(cluster: Cluster, sequence: number, said: Partial<Comment> = {}): Archive {
  const { repository, states } = cluster;
  const below = repository.archives.findLast(({ kind }) => kind === 'data');
  const parent = below === undefined ? NO_PARENT : { sequence: below.sequence, id: below.id };
  const state = states.next(below?.state ?? EMPTY);
  const comment: Comment = {
    ...{
      set: SET,
      kind: 'data',
      seq: sequence,
      parent,
      writer: EARLIER,
      try: cluster.newId(),
      pod: 'earlier',
    },
    ...{ final: true, closing: true, late: false, consistent: false, partial: false, lacks: [] },
    ...{ files: state.files, bytes: state.bytes, chunker: '', app: '' },
    ...{ claim: 0, restore: '-', guard: '-', legacy: 0, added: 0, compacted: 0, checked: 0 },
    ...said,
  };
  const archive = repository.commit({
    ...{
      name: lineageName(SET, sequence),
      kind: 'data',
      sequence,
      writer: comment.writer,
      said: comment,
      state,
    },
    ...{ comment: writeComment(comment), time: cluster.nowMs },
  });
  archive.acknowledged = true;
  return archive;
}

/** An archive of the predecessor, from a volume of its own. */
export function addLegacy(cluster: Cluster, name: string): Archive {
  return addOther(cluster, 'legacy', name);
}

/** An archive of somebody else, whatever its name. */
export function addForeign(cluster: Cluster, name: string, comment = ''): Archive {
  return addOther(cluster, 'foreign', name, comment);
}

function addOther(
  { repository, states, nowMs, note }: Cluster,
  kind: 'legacy' | 'foreign',
  name: string,
  comment = '',
): Archive {
  note?.('--', `an archive is made: ${name}`, undefined);
  const state = kind === 'legacy' ? states.next(undefined) : undefined;
  return repository.commit({
    ...{ name, kind, sequence: 0, writer: '', said: undefined, state, comment, time: nowMs },
  });
}
