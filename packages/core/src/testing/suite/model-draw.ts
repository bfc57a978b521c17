import type { JobSpec, JobStatus } from '../../job';
import type { ChangeAction, ChangeRequest, JobFilter, MoveTarget, Settlement } from '../../store';
import { BOOM } from './harness';
import type { ModelStore } from './model-store';
import type { Random } from './random';

export const TYPES = ['a', 'b', 'constructor'];
export const WORKERS = ['w1', 'w2', 'w3'];
const KEYS = ['k1', 'k2', '__proto__'];
const TAGS = ['red', 'blue'];
const STATUSES: JobStatus[] = ['pending', 'active', 'completed', 'failed'];

/** One attempt of a job, as those know it who run it. */
export interface Attempt {
  id: string;
  token: string;
}

/** Draws what to do next, by what the model knows. */
export class ModelDraw {
  #added = 0;

  /**
   * @param timed Whether the time is under control, so that jobs may wait for it.
   * @param dependent Whether jobs may depend on others.
   */
  constructor(
    readonly model: ModelStore,
    readonly random: Random,
    readonly timed: boolean,
    readonly dependent: boolean,
  ) {}

  /** A new job, which may depend on others of its batch. */
  spec(batch: JobSpec[]): JobSpec {
    const { random } = this;
    const known = this.model.jobs.map((job) => job.id);
    const again = known.length > 0 && random.chance(0.05);
    const spec: JobSpec = {
      id: again ? random.pick(known) : `j${this.#added++}`,
      type: random.pick(TYPES),
      data: this.#added,
    };
    if (random.chance(0.4)) spec.priority = random.int(4, 6);
    if (random.chance(0.4)) spec.maxAttempts = random.int(1, 3);
    if (random.chance(0.3)) spec.maxCrashes = random.int(1, 2);
    if (random.chance(0.2)) spec.key = random.pick(KEYS);
    if (random.chance(0.3)) spec.tags = random.some(TAGS, 0.5);
    if (this.timed && random.chance(0.2)) spec.runAt = this.model.now() + random.int(-1_000, 10_000);
    if (this.dependent && random.chance(0.15)) {
      // A job whose key is taken is not added, so nothing of its batch can depend on it.
      const parents = [...known, ...batch.filter((other) => other.key === undefined).map((other) => other.id ?? '')];
      const own = parents.filter((id) => id !== spec.id);
      if (own.length > 0) spec.dependsOn = [random.pick(own), random.pick(own)];
    }
    return spec;
  }

  /** Running attempts, and now and then ones that are over. */
  attempts(share: number, lost: Attempt[]): Attempt[] {
    const running = [...this.model.tokens].map(([id, token]) => ({ id, token }));
    const attempts = this.random.some(running, share);
    if (this.random.chance(0.2)) attempts.push(...this.random.some(lost, 0.3));
    const known = this.model.jobs.map((job) => job.id);
    if (known.length > 0 && this.random.chance(0.1)) attempts.push({ id: this.random.pick(known), token: 'invented' });
    return attempts.filter(({ id }) => this.model.find(id));
  }

  /** How an attempt ends. */
  settlement(attempt: Attempt): Settlement {
    const { random } = this;
    const ends: Settlement[] = [
      { ...attempt, outcome: 'completed', result: random.int(0, 9) },
      { ...attempt, outcome: 'completed' },
      { ...attempt, outcome: 'failed', error: BOOM, reason: random.pick(['error', 'timeout']), retryIn: 0 },
      { ...attempt, outcome: 'failed', error: BOOM, reason: 'error' },
      { ...attempt, outcome: 'released' },
    ];
    if (this.timed) {
      ends.push({ ...attempt, outcome: 'failed', error: BOOM, reason: 'error', retryIn: random.int(1, 8_000) });
    }
    return random.pick(ends);
  }

  /** A change. */
  action(moves: boolean): ChangeAction {
    const { random } = this;
    const actions: ChangeAction[] = [
      { action: 'cancel' },
      { action: 'retry' },
      { action: 'retry' },
      { action: 'remove' },
      { action: 'edit', patch: { data: { edit: random.int(0, 1e9) } } },
    ];
    const pending = this.model.queue().map((job) => job.id);
    if (!moves) actions.push({ action: 'reprioritise', priority: random.int(4, 6) });
    else {
      const targets: MoveTarget[] = [{ to: 'top' }, { to: 'bottom' }];
      if (pending.length > 0) targets.push({ before: random.pick(pending) }, { after: random.pick(pending) });
      const move = { action: 'move' as const, target: random.pick(targets) };
      actions.push(move, move, move);
    }
    return random.pick(actions);
  }

  /** What to change, and the ids that the filter stands for. */
  target(): { target: ChangeRequest['target']; ids: string[] } {
    const { random } = this;
    const all = this.model.jobs;
    if (random.chance(0.7)) {
      const ids = random.some(all, Math.min(1, 3 / Math.max(all.length, 1))).map((job) => job.id);
      if (random.chance(0.1)) ids.push('never-there');
      return { target: { ids }, ids };
    }
    const filter = this.filter();
    // Few of many, so that a filter does not end every story.
    if (all.length > 0) filter.tags = ['red'];
    return { target: { filter }, ids: this.fitting(filter) };
  }

  /** A filter that some jobs fit. */
  filter(): JobFilter {
    const { random } = this;
    const filter: JobFilter = {};
    if (random.chance(0.6)) filter.status = random.some(STATUSES, 0.5);
    if (random.chance(0.5)) filter.type = random.pick(TYPES);
    if (random.chance(0.3)) filter.tags = [random.pick(TAGS)];
    if (random.chance(0.2)) filter.priority = random.pick([4, 5, 6]);
    return filter;
  }

  /** The ids of the jobs that fit, by creation. */
  fitting({ status, type, tags, priority }: JobFilter): string[] {
    return this.model.jobs
      .filter(
        (job) =>
          (status === undefined || status.includes(job.status)) &&
          (type === undefined || job.type === type) &&
          (priority === undefined || job.priority === priority) &&
          (tags ?? []).every((tag) => job.tags.includes(tag)),
      )
      .map((job) => job.id);
  }
}
