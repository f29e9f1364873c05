import { writeComment } from '../../../sidecar/src/lineage/comment.ts';
import type {
  Created,
  Creation,
  Listed,
  ListHow,
  RepositoryPort,
  Unanswered,
} from '../../../sidecar/src/lineage/ports.ts';
import type { Container } from './container.ts';
import { HALF, isAlike, type State } from './content.ts';
import type { Plan, Repository } from './repository.ts';
import { LOCK_WAIT_MS } from './rules.ts';
import type { Outcome } from './step.ts';

/** Which lock a command needs. */
type Needs = 'none' | 'shared' | 'exclusive';
type Answer = Created | { readonly kind: 'exists' } | Unanswered;

const LOCKED: Unanswered = { kind: 'locked', failure: { trouble: 'locked', person: false } };
const FULL: Unanswered = { kind: 'full', failure: { trouble: 'disk full', person: true } };
const CUT: Unanswered = { kind: 'error', failure: { trouble: 'link cut', person: false } };
const PERSON: Unanswered = { kind: 'error', failure: { trouble: 'needs a person', person: true } };

/** The repository, as one container reaches it. */
export class SimulatedRepository implements RepositoryPort {
  readonly #container: Container;

  constructor(container: Container) {
    this.#container = container;
  }

  get #repository(): Repository {
    return this.#container.pod.cluster.repository;
  }

  async list({ pastLock = false, lockWaitMs, signal }: ListHow = {}) {
    const act = (outcome: Outcome): Listed | Unanswered => {
      const failure = signal?.aborted ? CUT : this.#findFailure(outcome, pastLock ? 'none' : 'shared');
      // Only the first list of an attempt to start knows how long it may wait.
      return failure ?? this.#read(lockWaitMs !== undefined || pastLock);
    };
    return pastLock
      ? await this.#call('list past', act)
      : await this.#call('list', act, 'shared', lockWaitMs);
  }

  async create(creation: Creation): Promise<Answer> {
    const { comment, signal } = creation;
    const lockWaitMs = LOCK_WAIT_MS;
    let plan: Plan | undefined;
    const begin = (outcome: Outcome): Answer | 'begun' => {
      const failure = signal?.aborted ? CUT : this.#findFailure(outcome, 'exclusive');
      if (failure !== undefined) {
        return failure;
      }
      if (this.#repository.has(creation.name)) {
        return { kind: 'exists' };
      }
      plan = this.#plan(creation);
      this.#repository.lock = { by: this.#container.pod.name, gone: false, commit: undefined };
      return 'begun';
    };
    const begun = await this.#call(`create ${comment.kind}`, begin, 'exclusive', lockWaitMs);
    if (begun !== 'begun' || plan === undefined) {
      return begun as Answer;
    }
    const begunPlan = plan;
    const id = this.#repository.id;
    const commit = (outcome: Outcome): Answer =>
      this.#repository.id === id
        ? this.#commit(begunPlan, signal?.aborted && outcome === 'ok' ? 'cut' : outcome)
        : CUT;
    return await this.#call(`commit ${comment.kind}`, commit);
  }

  async delete(names: readonly string[]): Promise<void> {
    const act = (outcome: Outcome): void => {
      const failure = this.#findFailure(outcome === 'lost' ? 'ok' : outcome, 'exclusive');
      if (failure !== undefined) {
        throw failure.failure;
      }
      const before = this.#repository.archives;
      const gone = this.#repository.delete(names);
      this.#container.pod.cluster.tell((watch) => watch.deleted?.(gone, before, this.#container));
      if (outcome === 'lost') {
        throw CUT.failure;
      }
    };
    await this.#call('delete', act, 'exclusive');
  }

  /** Upkeep changes nothing of the order, and is none of its steps. */
  async warm(): Promise<void> {}

  async compact(): Promise<'freed'> {
    return 'freed';
  }

  async check(): Promise<'whole'> {
    return 'whole';
  }

  #read(isFirst: boolean): Listed {
    const { pod } = this.#container;
    const { archives, commits, id } = this.#repository;
    this.#container.list = { step: pod.cluster.steps, archives, commits, repositoryId: id };
    if (isFirst) {
      this.#container.first = this.#container.list;
    }
    pod.cluster.tell((watch) => watch.listed?.(this.#container));
    return { kind: 'listed', repositoryId: id, archives };
  }

  #plan({ name, comment }: Creation): Plan {
    const { pod } = this.#container;
    const { kind, seq, writer } = comment;
    const holds = kind === 'data' || kind === 'fork';
    const state = holds && pod.volume.content !== HALF ? pod.volume.content : undefined;
    if (holds && pod.looked !== undefined && !isAlike(pod.looked, state)) {
      pod.looked.alike.blurred = true;
    }
    const sequence = kind === 'fork' ? 0 : seq;
    const time = pod.clockMs;
    const { examined } = this.#container;
    return {
      name,
      kind,
      sequence,
      writer,
      said: comment,
      state,
      comment: writeComment(comment),
      time,
      examined,
    };
  }

  #commit(plan: Plan, outcome: Outcome): Answer {
    const { pod } = this.#container;
    const repository = this.#repository;
    const store = (state: State | undefined) => {
      repository.lock = undefined;
      const archive = repository.commit({ ...plan, state });
      pod.cluster.tell((watch) => watch.committed?.(archive, this.#container));
      return archive;
    };
    if (outcome === 'stalled') {
      const commit = () => void store(plan.state);
      repository.lock = { by: pod.name, gone: true, commit };
      return CUT;
    }
    if (outcome === 'cut' || outcome === 'locked' || outcome === 'person') {
      repository.lock = undefined;
      return CUT;
    }
    const lacks = outcome === 'incomplete' && plan.state !== undefined && !pod.volume.unread;
    const archive = store(lacks ? pod.cluster.states.next(plan.state) : plan.state);
    if (outcome === 'lost') {
      return CUT;
    }
    const created = { kind: 'created' as const, repositoryId: repository.id, id: archive.id, addedBytes: 0 };
    if (!lacks) {
      return created;
    }
    pod.volume.unread = true;
    this.#container.lacking = archive;
    return { ...created, incomplete: { trouble: 'entries could not be read', person: false } };
  }

  #findFailure(outcome: Outcome, lock: Needs): Unanswered | undefined {
    const { full } = this.#repository;
    if (lock !== 'none' && (this.#isLocked(lock) || outcome === 'locked')) {
      return LOCKED;
    }
    if (outcome === 'cut' || outcome === 'lost' || outcome === 'stalled') {
      return CUT;
    }
    if (outcome === 'person') {
      return PERSON;
    }
    return full && lock !== 'none' ? FULL : undefined;
  }

  #isLocked(lock: Needs): boolean {
    return lock === 'exclusive' ? this.#repository.isUsed : this.#repository.lock !== undefined;
  }

  /** A command: at its end it rejects where the program is told to end. */
  async #call<T>(
    op: string,
    act: (outcome: Outcome) => T,
    lock: Needs = 'none',
    lockWaitMs = LOCK_WAIT_MS,
  ): Promise<T> {
    const { host } = this.#container;
    const actOrEnd = (outcome: Outcome) => {
      const answer = act(host.over && outcome !== 'lost' ? 'cut' : outcome);
      host.throwIfOver();
      return answer;
    };
    const isBlocked = () => !host.over && this.#isLocked(lock);
    const how = lock === 'none' ? {} : { waitMs: Math.max(0, lockWaitMs), isBlocked };
    return await this.#container.ask(op, actOrEnd, how);
  }
}
