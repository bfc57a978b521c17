import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Timer } from '../src/clock';
import { RetryAtError, UnrecoverableError } from '../src/errors';
import type { Job } from '../src/job';
import { MemoryStore } from '../src/memory-store';
import { defineProcessor, type JobContext } from '../src/processor';
import { Queue } from '../src/queue';
import type { StoreEvent } from '../src/store';
import { FakeClock } from '../src/testing/fake-clock';
import { Worker } from '../src/worker';
import { Ledger } from './worker-ledger';
import {
  BACKOFF_MS,
  type Behaviour,
  endingOf,
  IGNORES_MS,
  type JobPlan,
  RETRY_AT_MS,
  type StoryPlan,
  storiesOf,
} from './worker-model';

const runs = Number(process.env.LEVIATHAN_MODEL_RUNS) || 1_000;
const seed = Number(process.env.LEVIATHAN_SEED) || Math.floor(Math.random() * 0x7fffffff);
/** More timers than any story needs. */
const MANY = 20_000;

/** Turns of the event loop that a claim, a checkpoint and a settlement need together, and some. */
const TURNS = 30;

const COMPLETES: Behaviour = { does: 'complete', after: 0, reports: false, checkpoints: false };

/** A queue, its workers and what they do. */
class Story {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore({ clock: this.clock });
  readonly queue = new Queue({ store: this.store, clock: this.clock });
  readonly events: StoreEvent[] = [];
  readonly ledger: Ledger;
  /** Ids of jobs whose cancellation was taken. */
  readonly cancelled = new Set<string>();
  readonly #plan: StoryPlan;
  readonly #workers: Worker[] = [];
  #stopping: Promise<void> = Promise.resolve();

  constructor(plan: StoryPlan) {
    this.#plan = plan;
    this.ledger = new Ledger({ all: plan.concurrency, heavy: plan.heavyConcurrency });
  }

  async run(): Promise<Job[]> {
    const { clock, queue, store } = this;
    const { jobs, workers, stoppedAt, stopTimeout } = this.#plan;
    const timers: Timer[] = [];
    queue.on('event', (event) => this.events.push(event));
    for (let n = 0; n < workers; n++) await this.#startWorker(`w${n}`);
    await queue.addMany(jobs.map((job, n) => ({ type: job.type, data: job, options: optionsOf(job, n) })));
    for (const [n, { cancelledAt }] of jobs.entries()) {
      if (cancelledAt !== undefined) timers.push(clock.after(cancelledAt, () => void this.#cancel(`j${n}`)));
    }
    if (stoppedAt !== undefined) timers.push(clock.after(stoppedAt, () => this.#replaceWorker(stopTimeout)));
    await this.#drive(async () => {
      const { pending, active } = await store.counts();
      return pending + active === 0;
    });
    for (const timer of timers) timer.cancel();
    let stopped = false;
    void this.#stopping
      .then(() => Promise.all(this.#workers.map((worker) => this.#stop(worker, 0))))
      .then(() => {
        stopped = true;
      });
    await this.#drive(() => stopped);
    const { jobs: ended } = await store.list({ limit: 1_000 });
    await queue.close();
    await store.close();
    return ended;
  }

  /** From timer to timer, and between them until all has happened that needs no time. */
  async #drive(isDone: () => boolean | Promise<boolean>): Promise<void> {
    for (let timers = 0; timers < MANY; timers++) {
      await this.clock.settle(TURNS);
      if (await isDone()) return;
      await this.clock.advance(this.clock.untilNext ?? 1);
    }
    throw new Error(`It does not come to an end: ${JSON.stringify(await this.store.counts())}`);
  }

  async #startWorker(name: string): Promise<void> {
    const { clock, store } = this;
    const { concurrency, heavyConcurrency } = this.#plan;
    const run = (ctx: JobContext<unknown>) => this.#handle(ctx, name);
    const input = z.unknown();
    const processors = [
      defineProcessor({ type: 'quick', input, run }),
      defineProcessor({ type: 'heavy', input, run, concurrency: heavyConcurrency }),
    ];
    const worker = new Worker({ store, processors, clock, name, concurrency });
    worker.on('stuck', ({ job }) => this.ledger.gaveUp(job));
    this.#workers.push(worker);
    await worker.start();
  }

  #replaceWorker(timeout: number): void {
    const first = this.#workers.shift() as Worker;
    this.#stopping = this.#stop(first, timeout).then(() => this.#startWorker('again'));
  }

  async #stop(worker: Worker, timeout: number): Promise<void> {
    await worker.stop({ timeout });
    this.ledger.left(worker.name);
  }

  async #cancel(id: string): Promise<void> {
    const { changed } = await this.store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
    if (changed === 1) this.cancelled.add(id);
  }

  async #handle(ctx: JobContext<unknown>, worker: string): Promise<unknown> {
    const { job, attempt } = ctx;
    const plan = ctx.input as JobPlan;
    const { does, after, reports, checkpoints } = plan.attempts[attempt - 1] ?? COMPLETES;
    const over = this.ledger.starts(job, worker, ctx.lastCheckpoint);
    try {
      if (reports) {
        ctx.progress(10 * attempt, { attempt });
        ctx.log(`${attempt}`);
      }
      if (checkpoints) {
        await ctx.checkpoint(attempt);
        this.ledger.checkpointed(job.id, attempt);
      }
      if (after > 0) await this.#work(after, ctx.signal);
      if (does === 'throw') throw new RangeError('this time not');
      if (does === 'give up') throw new UnrecoverableError('never');
      if (does === 'retry at') throw new RetryAtError(this.clock.now() + RETRY_AT_MS, 'later');
      if (does === 'hang') await this.#work(Number.POSITIVE_INFINITY, ctx.signal);
      if (does === 'ignore') await this.#work(IGNORES_MS, new AbortController().signal);
      return { attempt };
    } finally {
      over();
    }
  }

  /** Resolves after so much time, and rejects when the signal aborts. */
  #work(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : this.clock.after(ms, resolve);
      signal.addEventListener('abort', () => {
        timer?.cancel();
        reject(signal.reason);
      });
    });
  }
}

function optionsOf(job: JobPlan, n: number) {
  const backoff = { type: 'fixed' as const, delay: BACKOFF_MS };
  const { maxAttempts: attempts, timeout, delay } = job;
  return { id: `j${n}`, attempts, timeout, backoff, ...(delay !== undefined && { delay }) };
}

/** What of a job the model foretells. */
function seen({ status, reason, attempt, metadata }: Job) {
  return {
    status,
    ...(reason && { reason }),
    attempt,
    retries: metadata.retries,
    errors: metadata.errors.map(({ name }) => name),
    ...(metadata.checkpoint !== undefined && { checkpoint: metadata.checkpoint }),
    progress: metadata.progress,
    logs: metadata.logs.map(({ message }) => Number(message)),
  };
}

it(`ends every job once, as its handlers say, in ${runs} random stories from seed ${seed}`, {
  timeout: 600_000,
}, async () => {
  const property = fc.asyncProperty(storiesOf(fc), async (plan) => {
    const story = new Story(plan);
    const jobs = await story.run();
    expect(story.ledger.faults).toEqual([]);
    expect(jobs.map(({ id }) => id)).toEqual(plan.jobs.map((_, n) => `j${n}`));
    const ends = story.events.filter(({ kind }) => kind === 'completed' || kind === 'failed');
    expect(ends.map(({ id }) => id).sort()).toEqual(jobs.map(({ id }) => id).sort());
    for (const [n, job] of jobs.entries()) {
      const jobPlan = plan.jobs[n] as JobPlan;
      const released = story.events.filter(({ kind, id }) => kind === 'released' && id === job.id).length;
      expect(story.ledger.startsOf(job.id), `starts of ${job.id}`).toBe(job.attempt + released);
      const expected = endingOf(jobPlan);
      // An attempt that is given back reports and logs again the next time.
      if (released > 0) expected.logs = seen(job).logs;
      if (!story.cancelled.has(job.id)) expect(seen(job), job.id).toEqual(expected);
      else if (job.status === 'failed') expect(job.reason, job.id).toBe('cancelled');
      else expect(seen(job), job.id).toEqual(expected);
    }
  });
  await fc.assert(property, { numRuns: runs, seed });
});
