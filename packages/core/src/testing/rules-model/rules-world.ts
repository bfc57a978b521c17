/**
 * A store under rules that come and go, and an account of its jobs beside it: nothing starts that may not, and nothing that may stays.
 *
 * @module
 */
import type { DefinitionChange } from '../../definition';
import type { JobSpec } from '../../job';
import type { LimitSpec } from '../../limit';
import type { ClaimedJob, JobStore, Settlement } from '../../store';
import type { StoreUnderTest } from '../store-under-test';
import { type Gauge, gaugesOf, type Rulebook, type RuledJob } from './rulebook';

/** So often the last claims may find nothing to start, before that is a fault. */
const PATIENCE = 100;
const WORKERS = ['w1', 'w2'];

/** See the module. */
export class RulesWorld {
  private store: JobStore;
  private readonly jobs = new Map<string, RuledJob>();
  private readonly running = new Map<string, ClaimedJob>();
  private starts = 0;
  private readonly book: Rulebook = { limits: new Map(), pools: new Map(), since: 0 };

  constructor(private readonly under: StoreUnderTest) {
    this.store = under.store;
  }

  async add(specs: JobSpec[]): Promise<void> {
    const results = await this.store.add(specs);
    for (const [n, { id }] of results.entries()) {
      const { type, priority = 5, group, tags = [], needs = {} } = specs[n] as JobSpec;
      const rest = { state: 'ready' as const, until: 0, starts: [] };
      this.jobs.set(id, { id, type, priority, tags, needs, ...(group !== undefined && { group }), ...rest });
    }
  }

  /** `null`: it is not there any more. */
  async limit(name: string, spec: LimitSpec | null): Promise<void> {
    // What is so already changes nothing.
    if ((this.book.limits.get(name) ?? null) === spec) return;
    await this.define({ kind: 'limit', name, value: spec as DefinitionChange['value'] });
    if (spec) this.book.limits.set(name, spec);
    else this.book.limits.delete(name);
  }

  async pool(name: string, capacity: number | null): Promise<void> {
    if ((this.book.pools.get(name) ?? null) === capacity) return;
    await this.define({ kind: 'pool', name, value: capacity === null ? null : { capacity } });
    if (capacity === null) this.book.pools.delete(name);
    else this.book.pools.set(name, capacity);
  }

  /** A worker asks, of all types or some with so much room each. */
  async claim(worker: number, limit: number, types: Record<string, number> | undefined): Promise<number> {
    const request = { worker: WORKERS[worker % WORKERS.length] as string, limit, wait: false };
    const claimed = await this.store.claim(types ? { ...request, types } : request);
    const room = new Map(Object.entries(types ?? {}));
    for (const one of claimed) {
      const job = this.jobs.get(one.job.id);
      if (!job || (job.state !== 'ready' && !this.isDue(job)))
        throw new Error(`${one.job.id} starts and is ${job?.state}`);
      Object.assign(job, { state: 'running' });
      job.starts.push({ at: this.now, no: ++this.starts });
      this.running.set(job.id, one);
      room.set(job.type, (room.get(job.type) ?? 0) - 1);
    }
    for (const { job } of claimed) this.checkStart(this.jobs.get(job.id) as RuledJob);
    if (claimed.length < limit) this.checkRest((job) => !types || (room.get(job.type) ?? 0) > 0);
    return claimed.length;
  }

  /** Some attempts end so. */
  async settle(picks: readonly number[], outcome: 'completed' | 'failed' | 'released', retryIn: number): Promise<void> {
    const all = [...this.running.values()];
    const chosen = new Set(picks.flatMap((pick) => (all.length > 0 ? [all[pick % all.length] as ClaimedJob] : [])));
    const error = { name: 'Error', message: 'boom' };
    const settlements = [...chosen].map(({ job: { id }, token }): Settlement => {
      if (outcome === 'failed') return { id, token, outcome, error, reason: 'error', retryIn };
      return { id, token, outcome };
    });
    if (settlements.length === 0) return;
    for (const { id, accepted, status } of await this.store.settle(settlements)) {
      if (!accepted) throw new Error(`the outcome of ${id} is refused`);
      const job = this.jobs.get(id) as RuledJob;
      this.running.delete(id);
      const waits = outcome === 'failed' && retryIn > 0;
      job.state = status === 'completed' ? 'done' : waits ? 'waiting' : 'ready';
      job.until = waits ? this.now + retryIn : 0;
    }
  }

  async takeBack(worker: number, cause: 'crashed' | 'released'): Promise<void> {
    const name = WORKERS[worker % WORKERS.length] as string;
    await this.store.takeBack([name], cause);
    for (const { job } of this.running.values()) if (job.worker === name) this.giveBack(job.id);
  }

  async advance(ms: number): Promise<void> {
    await this.under.clock?.advance(ms);
  }

  /** Opens it again, in order or after a kill. */
  async renew(how: 'reopen' | 'crash'): Promise<void> {
    const renew = this.under[how]?.bind(this.under);
    if (!renew) return;
    this.store = await renew();
    for (const id of this.running.keys()) this.giveBack(id);
    this.forgetStarts();
  }

  /** Without rules all that is left runs. */
  async finish(): Promise<void> {
    for (const name of [...this.book.limits.keys()]) await this.limit(name, null);
    for (const name of [...this.book.pools.keys()]) await this.pool(name, null);
    for (let idle = 0; [...this.jobs.values()].some(({ state }) => state !== 'done'); ) {
      idle = (await this.claim(0, 10, undefined)) > 0 || this.running.size > 0 ? 0 : idle + 1;
      if (idle > PATIENCE) throw new Error('jobs are left that never start, and nothing holds them back');
      await this.settle(
        [...this.running.keys()].map((_, n) => n),
        'completed',
        0,
      );
      await this.advance(1_000);
    }
  }

  private get now(): number {
    return this.under.clock?.now() ?? Date.now();
  }

  private async define(change: DefinitionChange): Promise<void> {
    await this.store.define([change]);
    this.forgetStarts();
  }

  /** Counting begins anew by what the store knows of each job: its newest start. */
  private forgetStarts(): void {
    for (const job of this.jobs.values()) job.starts = job.starts.slice(-1);
    this.book.since = this.starts;
  }

  private giveBack(id: string): void {
    this.running.delete(id);
    Object.assign(this.jobs.get(id) as RuledJob, { state: 'ready', until: 0 });
  }

  private isDue({ state, until }: RuledJob): boolean {
    return state === 'waiting' && until <= this.now;
  }

  private checkStart(job: RuledJob): void {
    const all = [...this.jobs.values()];
    const broken = gaugesOf(this.book, job).find((gauge) => gauge.isOver(all, this.now));
    if (broken) throw new Error(`${job.id} was started against ${broken.name}`);
  }

  /** What stays is held back by a rule, or stands behind another of its type that is. */
  private checkRest(isWanted: (job: RuledJob) => boolean): void {
    const all = [...this.jobs.values()];
    const waiting = all.filter((job) => job.state === 'ready' || this.isDue(job));
    const holders = (job: RuledJob): Gauge[] =>
      gaugesOf(this.book, job).filter((gauge) => !gauge.hasRoom(all, job, this.now));
    for (const job of waiting) {
      if (!isWanted(job) || holders(job).length > 0) continue;
      const isBehind = waiting.some(
        (other) =>
          other.type === job.type && holders(other).some((gauge) => gauge.isIn(job) && !gauge.isHopeless(other)),
      );
      if (!isBehind) throw new Error(`${job.id} could start, and a worker with room does not get it`);
    }
  }
}
