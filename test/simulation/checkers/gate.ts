import type { Request } from '../../../sidecar/src/lineage/rows/start.ts';
import type { Container, Snapshot } from '../world/container.ts';
import { EMPTY, HALF, isAlike, nameState } from '../world/content.ts';
import { type Archive, highest, newestData, newestLegacy } from '../world/repository.ts';
import type { Watch } from '../world/watch.ts';

/** The application sees what it should when it is let in, and nothing is put under its feet afterwards. */
export class GateChecker implements Watch {
  emptied({ pod, writer, found }: Container): void {
    const isUnknown = found?.marker === undefined && found?.empty === false;
    if (pod.volume.wasUsed || isUnknown) {
      pod.cluster.break_('a volume that an application has had is never restored into', `writer ${writer}`);
    }
  }

  gateOpened(container: Container): void {
    const { pod, confirmed, found } = container;
    const { cluster, volume } = pod;
    if (volume.content === HALF) {
      cluster.break_('the application never starts on a half-restored volume', pod.name);
    } else if (confirmed !== undefined) {
      this.#checkContent(container, confirmed);
      this.#checkObstacle(container, confirmed);
      this.#checkEntries(container);
    } else if (found?.marker?.state !== 'live' && found?.marker?.state !== 'fenced' && !found?.record) {
      cluster.break_('the application never starts without a look at the order', pod.name);
    }
  }

  /** Row 19. */
  #checkEntries({ pod, list, lacking }: Container): void {
    if (lacking !== undefined && newestData(list?.archives ?? []) === lacking) {
      pod.cluster.break_('no start rests on an archive that it knows to lack entries', lacking.name);
    }
  }

  /** Row 11. */
  #checkObstacle(container: Container, { archives }: Snapshot): void {
    const { pod, first } = container;
    const isLater = ({ committed }: Archive) => first !== undefined && committed > first.commits;
    // What others made after the first list is not asked for again, but for the predecessor's and for data.
    const obstacle = findObstacle(archives.filter((each) => each.kind !== 'foreign' || !isLater(each)));
    const isAsked = isRequested(container, newestData(archives));
    if (obstacle !== undefined && !(isAsked && obstacle.kind === 'legacy')) {
      pod.cluster.break_('the application does not start where a person has to choose', obstacle.name);
    }
  }

  #checkContent(container: Container, confirmed: Snapshot): void {
    const { pod, found, first } = container;
    const { cluster, volume, rules } = pod;
    const newest = newestData(confirmed.archives);
    if (found?.marker === undefined && found?.empty === false) {
      if (newest !== undefined) {
        cluster.break_('files are adopted only where no data exists', newest.name);
      }
      return;
    }
    const isAsked = isRequested(container, newest);
    const wanted = isAsked ? findRequested(first?.archives ?? [], rules.request) : newest;
    const expected = wanted === undefined ? EMPTY : wanted.state;
    if (!isAlike(volume.content, expected)) {
      const rule = isAsked
        ? 'a request is applied before the application starts'
        : 'the application starts on the newest data';
      const detail = `${pod.name} starts on ${nameState(volume.content)}, ${wanted?.name ?? 'nothing'} holds ${nameState(expected)}`;
      cluster.break_(rule, detail);
    } else if (isAsked && wanted !== newest && !isRecorded(container)) {
      cluster.break_('a request is recorded before the application starts', pod.name);
    }
  }
}

/** Row 11: what a start leaves to a person: two lines of data, or a repository of somebody else. */
export function findObstacle(archives: readonly Archive[]): Archive | undefined {
  const newest = newestData(archives);
  const legacy = newestLegacy(archives);
  if (newest === undefined) {
    return archives.find(({ kind }) => kind === 'foreign');
  }
  const known = newest.kind === 'data' ? (newest.said?.legacy ?? 0) : Number.POSITIVE_INFINITY;
  return legacy !== undefined && Number.parseInt(legacy.name, 10) > known ? legacy : undefined;
}

/** Whether there is a request that the newest data does not record as done. */
function isRequested({ pod, lacking }: Container, newest: Archive | undefined): boolean {
  const { request } = pod.rules;
  const done = newest === lacking ? '-' : (newest?.said?.restore ?? '-');
  return request !== undefined && request.hash !== done;
}

function isRecorded({ pod, list, writer }: Container): boolean {
  const head = highest(list?.archives ?? []);
  return (
    head?.kind === 'data' &&
    head.writer === writer &&
    head.said?.restore === pod.rules.request?.hash &&
    isAlike(head.state, pod.volume.content)
  );
}

function findRequested(archives: readonly Archive[], request: Request | undefined): Archive | undefined {
  const wanted = request?.wanted;
  if (wanted !== undefined && 'archive' in wanted) {
    return archives.find(({ name, kind }) => name === wanted.archive && kind !== 'foreign');
  }
  const notAfterMs = wanted?.notAfterMs ?? 0;
  const inTime = archives.filter(({ time }) => time <= notAfterMs);
  return newestData(inTime);
}
