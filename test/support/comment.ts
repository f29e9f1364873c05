import { type Comment, NO_PARENT } from '../../sidecar/src/lineage/comment.ts';

/** The comment of an ordinary data archive, with what a test says differently. */
export function comment(change: Partial<Comment> = {}): Comment {
  return {
    set: 'grafana',
    kind: 'data',
    seq: 1,
    parent: NO_PARENT,
    writer: '0123456789abcdef',
    claim: 0,
    try: 'fedcba9876543210',
    pod: 'grafana-7d9c-x2x4z',
    final: false,
    closing: false,
    late: false,
    consistent: false,
    partial: false,
    lacks: [],
    files: 3,
    bytes: 4_096,
    chunker: 'fixed,65536',
    app: '',
    restore: '-',
    guard: '-',
    legacy: 0,
    added: 0,
    compacted: 0,
    checked: 0,
    ...change,
  };
}
