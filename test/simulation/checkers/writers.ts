import type { LineageEvents } from '../../../sidecar/src/lineage/events.ts';
import type { Container, Snapshot } from '../world/container.ts';
import { type Content, HALF, isAlike, type State } from '../world/content.ts';
import { type Archive, highest } from '../world/repository.ts';
import type { Watch } from '../world/watch.ts';

/** What is true of a writer, whatever it thinks. */
export interface Writer {
  readonly id: string;
  /** When it began: its claim's commit, without one the list that its gate was opened on. Undefined before. */
  began: Moment | undefined;
  /** The list that its gate was opened on, which confirmed its claim if it has one. */
  look: Snapshot | undefined;
  /** Its claim was confirmed before its gate was opened. */
  isClaimed: boolean;
  /** What the volume held when its gate was opened first, if an archive holds that. */
  first: State | undefined;
  /** The last archive with a volume that it made, counted or not. */
  latest: Archive | undefined;
  readonly data: Archive[];
  /** Its claims, late or not, whether or not it ever opened a gate. */
  readonly claims: Map<Archive, Moment>;
  /** It made its late claim on a freed number below the head: no list confirms it, and the head's writer goes on. */
  isBelow: boolean;
}

/** A step, and how often something had been committed. */
export interface Moment {
  readonly step: number;
  readonly commits: number;
}

/** Keeps what is true of each writer, for the other checkers. */
export class Writers implements Watch {
  readonly #known = new Map<string, Writer>();

  of(id: string): Writer {
    let writer = this.#known.get(id);
    if (writer === undefined) {
      writer = {
        id,
        began: undefined,
        look: undefined,
        isClaimed: false,
        first: undefined,
        latest: undefined,
        data: [],
        claims: new Map(),
        isBelow: false,
      };
      this.#known.set(id, writer);
    }
    return writer;
  }

  get all(): Iterable<Writer> {
    return this.#known.values();
  }

  told(container: Container, name: keyof LineageEvents, event: object): void {
    if (name === 'writer') {
      container.writer = (event as { writer: string }).writer;
      this.of(container.writer);
    }
    if ((name === 'claimed' && !(event as { late: boolean }).late) || name === 'unclaimed') {
      container.confirmed = container.list;
      const writer = this.of(container.writer);
      writer.look = container.list;
      writer.isClaimed = name === 'claimed';
      const archive = writer.isClaimed ? (event as { archive: string }).archive : '';
      const claim = container.list?.archives.find((each) => each.name === archive);
      writer.began = (claim && writer.claims.get(claim)) ?? writer.look;
    }
  }

  committed(archive: Archive, container: Container | undefined): void {
    if (archive.kind === 'data' || archive.kind === 'fork') {
      this.of(archive.writer).latest = archive;
    }
    if (archive.kind === 'data') {
      this.of(archive.writer).data.push(archive);
    }
    if (archive.kind === 'claim') {
      const step = container?.pod.cluster.steps ?? 0;
      const head = highest(container?.pod.cluster.repository.archives ?? []);
      this.of(archive.writer).isBelow ||= archive.said?.late === true && head !== archive;
      this.of(archive.writer).claims.set(archive, { step, commits: archive.committed });
    }
  }

  gateOpened({ pod, writer, confirmed, found }: Container): void {
    const isAdopted = found?.marker === undefined && found?.empty === false;
    const { content } = pod.volume;
    if (confirmed !== undefined && !isAdopted && content !== HALF) {
      // Whatever it made before was made to be restored.
      Object.assign(this.of(writer), { first: content, latest: undefined });
    }
  }

  /** Whether what a volume holds is in an archive that counts, or in a fork, or came from one unchanged. */
  isSaved(id: string, content: Content): boolean {
    const { latest, first } = this.of(id);
    if (latest === undefined) {
      return isAlike(content, first);
    }
    return isAlike(latest.state, content) && (latest.kind === 'fork' ? !latest.deleted : latest.acknowledged);
  }

  /** Whether one writer saved, or began with a claim, after another had a look. */
  hasOvertaken(one: Writer, { id, began }: Writer): boolean {
    const isLater = ({ committed }: Archive) => committed > (began?.commits ?? 0);
    const isClaimed = [...one.claims.keys()].some((claim) => isLater(claim) && claim.said?.late === false);
    return one.id !== id && (isClaimed || one.data.some(isLater));
  }

  /** Whether one writer began later than another, so that it may fence it. */
  isNewer(one: Writer, other: Writer): boolean {
    const { began } = other;
    if (began === undefined || one === other) {
      return false;
    }
    return (
      [...one.claims.keys()].some(
        ({ committed, said }) => committed > began.commits && said?.late === false,
      ) ||
      (one.began !== undefined && (one.began.step > began.step || (!one.isClaimed && !other.isClaimed)))
    );
  }
}
