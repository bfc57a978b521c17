import type { FailureReason, JobSpec, JobStatus, Json } from '../../job';
import type { ChangeAction, ChangeResult, ChangeSkip, JobCounts, MoveTarget, Settlement } from '../../store';
import type { ModelEvent, ModelJob } from './model-job';

/**
 * What a store does, in the plainest way: a list of plain objects, looked through from the start each time. It is written from the
 * rules alone, so that it does not share an engine's mistakes.
 */
export class ModelStore {
  /** By creation. */
  jobs: ModelJob[] = [];
  /** Ids of all jobs in the order that priorities are laid over: by creation, but for moves. */
  order: string[] = [];
  /** Token of each running attempt. */
  readonly tokens = new Map<string, string>();
  pausedAll = false;
  readonly pausedTypes = new Set<string>();
  readonly events: ModelEvent[] = [];

  constructor(readonly now: () => number) {}

  find(id: string): ModelJob | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  add(specs: JobSpec[]): { id: string; added: boolean }[] {
    return specs.map((spec) => {
      const taken = this.find(spec.id ?? '') ?? this.#holder(spec.key);
      if (taken) return { id: taken.id, added: false };
      const id = spec.id ?? '';
      const dependsOn = [...new Set(spec.dependsOn ?? [])];
      const job: ModelJob = {
        id,
        type: spec.type,
        status: 'pending',
        priority: spec.priority ?? 5,
        data: spec.data,
        attempt: 0,
        maxAttempts: spec.maxAttempts ?? 3,
        maxCrashes: spec.maxCrashes ?? 3,
        retries: 0,
        crashes: 0,
        progress: 0,
        logs: [],
        errors: [],
        dependsOn,
        waitingFor: dependsOn.filter((parent) => this.find(parent)?.status !== 'completed'),
        tags: spec.tags ?? [],
      };
      if (spec.key !== undefined) job.key = spec.key;
      if (spec.runAt !== undefined && spec.runAt > this.now()) job.runAt = spec.runAt;
      this.jobs.push(job);
      this.order.push(id);
      this.events.push(['added', id]);
      return { id, added: true };
    });
  }

  /** Pending jobs in the order in which they run. */
  queue(): ModelJob[] {
    return this.jobs
      .filter((job) => job.status === 'pending')
      .sort((a, b) => a.priority - b.priority || this.order.indexOf(a.id) - this.order.indexOf(b.id));
  }

  /** Which jobs a claim starts; it does not start them. */
  claimable(limit: number, types?: Record<string, number>): string[] {
    const room = new Map(Object.entries(types ?? {}));
    const ids: string[] = [];
    for (const job of this.queue()) {
      if (ids.length === limit) break;
      if (this.#waitsFor(job) !== 'ready') continue;
      if (types) {
        const left = room.get(job.type) ?? 0;
        if (left <= 0) continue;
        room.set(job.type, left - 1);
      }
      ids.push(job.id);
    }
    return ids;
  }

  start(id: string, worker: string, token: string): void {
    const job = this.#must(id);
    Object.assign(job, { status: 'active', attempt: job.attempt + 1, worker, progress: 0 });
    delete job.runAt;
    delete job.detail;
    delete job.stuck;
    this.tokens.set(id, token);
    this.events.push(['started', id]);
  }

  settle(settlement: Settlement): { id: string; accepted: boolean; status?: JobStatus } {
    const job = this.find(settlement.id);
    if (!job) return { id: settlement.id, accepted: false };
    if (this.tokens.get(job.id) !== settlement.token) {
      this.events.push(['refused', job.id]);
      return { id: job.id, accepted: false, status: job.status };
    }
    if (settlement.outcome === 'completed') {
      if (settlement.result !== undefined) job.result = settlement.result;
      job.progress = 100;
      this.#end(job, 'completed');
    } else if (settlement.outcome === 'released') this.#release(job);
    else {
      job.errors = [...job.errors, [job.attempt, settlement.error.name] as [number, string]].slice(-20);
      if (job.cancelling) this.#end(job, 'failed', 'cancelled');
      else if (settlement.retryIn !== undefined && job.attempt - job.crashes < job.maxAttempts) {
        this.#back(job, 'retrying');
        job.retries++;
        if (settlement.retryIn > 0) job.runAt = this.now() + settlement.retryIn;
      } else this.#end(job, 'failed', settlement.reason);
    }
    return { id: job.id, accepted: true, status: job.status };
  }

  report(
    id: string,
    token: string,
    news: { progress?: number; detail?: Json; log?: string; checkpoint?: Json; stuck?: boolean },
  ): { id: string; accepted: boolean; cancelling: boolean } {
    const job = this.find(id);
    if (!job || this.tokens.get(id) !== token) return { id, accepted: false, cancelling: false };
    if (news.progress !== undefined) job.progress = news.progress;
    if (news.detail !== undefined) job.detail = news.detail;
    if (news.log !== undefined) job.logs = [...job.logs, news.log].slice(-100);
    if (news.checkpoint !== undefined) job.checkpoint = news.checkpoint;
    if (news.stuck) job.stuck = true;
    return { id, accepted: true, cancelling: job.cancelling === true };
  }

  takeBack(workers: string[], cause: 'released' | 'crashed', keep: string[]): number {
    const lost = this.jobs.filter(
      (job) =>
        job.status === 'active' && workers.includes(job.worker ?? '') && !keep.includes(this.tokens.get(job.id) ?? ''),
    );
    for (const job of lost) {
      if (cause === 'released') {
        this.#release(job);
        continue;
      }
      job.crashes++;
      job.errors = [...job.errors, [job.attempt, 'CrashError'] as [number, string]].slice(-20);
      if (job.cancelling) this.#end(job, 'failed', 'cancelled');
      else if (job.crashes >= job.maxCrashes) this.#end(job, 'failed', 'crashed');
      else {
        this.#back(job, 'crashed');
        job.retries++;
      }
    }
    return lost.length;
  }

  /** Skips are given as reason and ids, in the order of the targets. */
  change(action: ChangeAction, ids: string[]): Pick<ChangeResult, 'changed' | 'ids'> & { skipped: [string, string][] } {
    const changed: string[] = [];
    const skipped: [string, string][] = [];
    const moved = action.action === 'move' ? this.#move(action.target, ids) : [];
    for (const id of ids) {
      const verdict = moved.includes(id) ? 'changed' : this.#changeOne(action, id);
      if (verdict === 'changed') changed.push(id);
      else skipped.push([verdict, id]);
    }
    return { changed: changed.length, ids: changed, skipped };
  }

  pause(paused: boolean, type?: string): void {
    if (type === undefined) this.pausedAll = paused;
    else if (paused) this.pausedTypes.add(type);
    else this.pausedTypes.delete(type);
  }

  counts(): JobCounts {
    const none = { pending: 0, active: 0, completed: 0, failed: 0 };
    const counts: JobCounts = {
      ...none,
      waiting: { ready: 0, scheduled: 0, blocked: 0, paused: 0 },
      byType: {},
      paused: { all: this.pausedAll, types: [...this.pausedTypes].sort() },
    };
    const byType = new Map<string, Record<JobStatus, number>>();
    for (const job of this.jobs) {
      counts[job.status]++;
      const of = byType.get(job.type) ?? { ...none };
      of[job.status]++;
      byType.set(job.type, of);
      if (job.status === 'pending') counts.waiting[this.#waitsFor(job)]++;
    }
    counts.byType = Object.fromEntries(byType);
    return counts;
  }

  /** The instance closed: what its workers held goes back. */
  closeAndOpen(): void {
    for (const job of this.jobs) if (job.status === 'active') this.#release(job);
  }

  #must(id: string): ModelJob {
    const job = this.find(id);
    if (!job) throw new Error(`the model has no job ${id}`);
    return job;
  }

  #holder(key: string | undefined): ModelJob | undefined {
    if (key === undefined) return undefined;
    return this.jobs.find((job) => job.key === key && (job.status === 'pending' || job.status === 'active'));
  }

  #waitsFor(job: ModelJob): keyof JobCounts['waiting'] {
    if (job.waitingFor.length > 0) return 'blocked';
    if (job.runAt !== undefined && job.runAt > this.now()) return 'scheduled';
    return this.pausedAll || this.pausedTypes.has(job.type) ? 'paused' : 'ready';
  }

  #end(job: ModelJob, status: 'completed' | 'failed', reason?: FailureReason): void {
    job.status = status;
    delete job.cancelling;
    delete job.runAt;
    if (reason) job.reason = reason;
    this.tokens.delete(job.id);
    this.events.push([status, job.id]);
    if (status === 'completed') {
      for (const child of this.jobs) child.waitingFor = child.waitingFor.filter((parent) => parent !== job.id);
    }
    this.#drained();
  }

  #drained(): void {
    if (!this.jobs.some((job) => job.status === 'pending' || job.status === 'active'))
      this.events.push(['drained', undefined]);
  }

  #back(job: ModelJob, kind: string): void {
    job.status = 'pending';
    this.tokens.delete(job.id);
    this.events.push([kind, job.id]);
  }

  #release(job: ModelJob): void {
    if (job.cancelling) {
      this.#end(job, 'failed', 'cancelled');
      return;
    }
    job.attempt--;
    this.#back(job, 'released');
  }

  #changeOne(action: ChangeAction, id: string): 'changed' | ChangeSkip['reason'] {
    const job = this.find(id);
    if (!job) return 'not-found';
    switch (action.action) {
      case 'cancel':
        if (job.status === 'pending') this.#end(job, 'failed', 'cancelled');
        else if (job.status !== 'active') return job.status;
        else if (job.cancelling) return 'unchanged';
        else {
          job.cancelling = true;
          this.events.push(['cancelling', id]);
        }
        return 'changed';
      case 'retry':
        return this.#retry(job);
      case 'remove':
        if (job.status === 'active') return 'active';
        this.jobs = this.jobs.filter((other) => other !== job);
        this.order = this.order.filter((other) => other !== id);
        this.events.push(['removed', id]);
        if (job.status === 'pending') this.#drained();
        return 'changed';
      case 'reprioritise':
        if (job.status !== 'pending') return job.status;
        if (job.priority === action.priority) return 'unchanged';
        job.priority = action.priority;
        this.events.push(['edited', id]);
        return 'changed';
      case 'edit':
        if (job.status !== 'pending') return job.status;
        job.data = action.patch.data ?? null;
        this.events.push(['edited', id]);
        return 'changed';
      case 'move':
        return job.status === 'pending' ? 'unchanged' : job.status;
    }
  }

  #retry(job: ModelJob): 'changed' | ChangeSkip['reason'] {
    if (job.status === 'pending') {
      if (job.runAt === undefined || job.runAt <= this.now()) return 'unchanged';
      delete job.runAt;
      this.events.push(['edited', job.id]);
      return 'changed';
    }
    if (job.status !== 'failed' || this.#holder(job.key)) return job.status;
    Object.assign(job, { attempt: 0, crashes: 0 });
    job.retries++;
    delete job.reason;
    this.#back(job, 'retrying');
    return 'changed';
  }

  /** Gives the ids that were moved; a store may say that a job stands there already, the model does not foretell that. */
  #move(target: MoveTarget, ids: string[]): string[] {
    const anchor = 'to' in target ? undefined : 'before' in target ? target.before : target.after;
    const moving = this.queue().filter((job) => ids.includes(job.id) && job.id !== anchor);
    for (const job of moving) this.events.push(['edited', job.id]);
    if (anchor !== undefined) {
      for (const job of moving) job.priority = this.#must(anchor).priority;
      this.#insert(moving, this.order.indexOf(anchor) + ('after' in target ? 1 : 0));
    } else this.#insert(moving, 'to' in target && target.to === 'top' ? 0 : this.order.length);
    return moving.map((job) => job.id);
  }

  #insert(moving: ModelJob[], at: number): void {
    const ids = moving.map((job) => job.id);
    const before = this.order.slice(0, at).filter((id) => !ids.includes(id));
    const after = this.order.slice(at).filter((id) => !ids.includes(id));
    this.order = [...before, ...ids, ...after];
  }
}
