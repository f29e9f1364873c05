import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Container } from '../world/container.ts';
import { descends, nameState } from '../world/content.ts';
import { type Archive, highest } from '../world/repository.ts';
import type { Watch } from '../world/watch.ts';
import type { Writers } from './writers.ts';

const NEWEST_KEPT = 3;

/** What counts as saved is the newest, and stays; what goes is known elsewhere. */
export class ArchivesChecker implements Watch {
  readonly #writers: Writers;

  constructor(writers: Writers) {
    this.#writers = writers;
  }

  told(container: Container, name: keyof LineageEvents, event: object): void {
    if (name === 'save.done' || name === 'requested') {
      this.#acknowledged(container, (event as { archive: string }).archive);
    }
  }

  committed({ name, kind, examined }: Archive, container: Container | undefined): void {
    if (container !== undefined && kind !== 'fork' && container.pod.volume.marker?.state === 'fenced') {
      container.pod.cluster.break_(
        'a fenced writer writes nothing to the order',
        `${container.pod.name} makes ${name}`,
      );
    }
    if (kind === 'data' && examined === 'gone') {
      container?.pod.cluster.break_('a volume that was wiped does not become an archive', name);
    }
    this.#checkRepository(container, name);
  }

  deleted(gone: readonly Archive[], before: readonly Archive[], container: Container): void {
    const { cluster, volume, name: pod } = container.pod;
    this.#checkRepository(container, 'a delete');
    for (const archive of gone) {
      const { kind, name, writer, sequence } = archive;
      if (archive.committed > (container.list?.commits ?? 0)) {
        // Made on a freed number after the list that the names are from: see below.
        continue;
      }
      if (kind === 'legacy' || kind === 'foreign') {
        cluster.break_('what is not of the set is never deleted', `${pod} deletes ${name}`);
      } else if (kind === 'fork') {
        if (writer !== container.writer) {
          cluster.break_('forks of other writers are never deleted', `${pod} deletes ${name}`);
        }
      } else if (volume.marker?.state === 'fenced') {
        cluster.break_('a fenced writer deletes nothing of the order', `${pod} deletes ${name}`);
      } else if (sequence >= this.#ownHighest(container)) {
        cluster.break_(
          'nothing is deleted that is not below the own newest archive',
          `${pod} deletes ${name}`,
        );
      }
    }
    this.#checkForks(gone, before, container);
    this.#checkData(gone, before, container);
  }

  #acknowledged(container: Container, name: string): void {
    const { pod, writer, list } = container;
    const archive = pod.cluster.repository.history.findLast(
      (each) => each.name === name && each.writer === writer && each.kind === 'data',
    );
    if (archive === undefined) {
      pod.cluster.break_('what is saved is in an archive', `${pod.name} says that ${name} is made`);
      return;
    }
    archive.acknowledged = true;
    if (highest(list?.archives ?? []) !== archive) {
      pod.cluster.break_('what counts as saved is the head', `${pod.name} acknowledges ${name}`);
    }
    const own = this.#writers.of(writer);
    for (const other of this.#writers.all) {
      const { look, isClaimed, began } = other;
      const isNewer = isClaimed && began !== undefined && began.step > (own.began?.step ?? began.step);
      if (other !== own && isNewer && look !== undefined && archive.committed > look.commits) {
        pod.cluster.break_(
          'nothing counts above a confirmed newer claim',
          `${pod.name} acknowledges ${name} after writer ${other.id} began`,
        );
      }
    }
  }

  #ownHighest({ pod, writer }: Container): number {
    const { history } = pod.cluster.repository;
    return Math.max(0, ...history.filter((each) => each.writer === writer).map(({ sequence }) => sequence));
  }

  #checkForks(gone: readonly Archive[], before: readonly Archive[], { pod, writer }: Container): void {
    const number = ({ name }: Archive) => Number(name.split('-').at(-1));
    const own = before
      .filter((each) => each.kind === 'fork' && each.writer === writer)
      .sort((one, other) => number(one) - number(other));
    const kept = new Set([...own.slice(0, 1), ...own.slice(-NEWEST_KEPT)]);
    const lost = gone.find((archive) => kept.has(archive));
    if (lost !== undefined) {
      pod.cluster.break_('the first and the three newest own forks stay', `${pod.name} deletes ${lost.name}`);
    }
  }

  #checkData(gone: readonly Archive[], before: readonly Archive[], { pod }: Container): void {
    const data = before
      .filter(({ kind }) => kind === 'data')
      .sort((one, other) => one.sequence - other.sequence);
    const newest = new Set(data.slice(-NEWEST_KEPT));
    const left = data.filter(({ deleted }) => !deleted);
    // What was made on a freed number below the head counts for nobody, and goes with the record that had the name.
    for (const archive of gone.filter(({ kind, acknowledged }) => kind === 'data' && acknowledged)) {
      const { name, state, sequence } = archive;
      if (newest.has(archive)) {
        pod.cluster.break_('the three newest data archives stay', `${pod.name} deletes ${name}`);
      } else if (
        state !== undefined &&
        !left.some((each) => each.sequence > sequence && descends(each.state, state))
      ) {
        pod.cluster.break_(
          'what was saved goes only where newer data came from it',
          `${pod.name} deletes ${name} with ${nameState(state)}`,
        );
      } else if (isGuarded(archive, data)) {
        pod.cluster.break_('the last archive before a loss stays', `${pod.name} deletes ${name}`);
      }
    }
  }

  /** After an answer of another repository nothing is done there. */
  #checkRepository(container: Container | undefined, what: string): void {
    const own = container?.pod.volume.marker?.repo;
    const seen = container?.list?.repositoryId;
    if (container !== undefined && own !== undefined && seen !== undefined && own !== seen) {
      container.pod.cluster.break_(
        'nothing is written to another repository',
        `${container.pod.name}: ${what}`,
      );
    }
  }
}

/** Whether the newest data comes from an archive that lost much against this one, as its writer saw it. */
function isGuarded(archive: Archive, data: readonly Archive[]): boolean {
  const byId = new Map(data.map((each) => [each.id, each]));
  for (let each = data.at(-1); each !== undefined; ) {
    const parent = byId.get(each.said?.parent.id ?? '-');
    const isAskedFor = each.said?.restore !== parent?.said?.restore;
    const shrunk = !isAskedFor && (each.said?.files ?? 0) < (parent?.said?.files ?? 0) / 2;
    if (parent === archive && shrunk) {
      return true;
    }
    each = parent;
  }
  return false;
}
