import { WaitTimeoutError } from '../../errors';
import type { JobSpec } from '../../job';
import type { AnyProcessor, JobContext } from '../../processor';
import { Queue } from '../../queue';
import type { StoreEvent } from '../../store';
import { Worker } from '../../worker';
import type { FakeClock } from '../fake-clock';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What happens to the time of a machine, apart from passing; `running`: how much of it is time in which the program could run. */
const DISTURBANCES: { what: string; running: number; happen(clock: FakeClock): Promise<void> }[] = [
  { what: 'the machine sleeps for 8 hours', running: 0, happen: (clock) => clock.suspend(8 * HOUR) },
  { what: 'the clock is set an hour ahead', running: 0, happen: (clock) => clock.jump(HOUR) },
  { what: 'the clock is set an hour back', running: 0, happen: (clock) => clock.jump(-HOUR) },
  { what: 'the clock is set a day ahead', running: 0, happen: (clock) => clock.jump(DAY) },
  { what: 'the clock is set a day back', running: 0, happen: (clock) => clock.jump(-DAY) },
  { what: 'the event loop is blocked for 30 s', running: 30 * SECOND, happen: (clock) => clock.block(30 * SECOND) },
];

/** Sleeping machines, clocks that are set, and event loops that are blocked. */
export function time(test: StoreTest): void {
  const timed = test.needing('fake-clock');

  for (const { what, running, happen } of DISTURBANCES) {
    describe(`when ${what}`, () => {
      timed('each scheduled job starts once, at its time and not before', async (h) => {
        for (const after of [10 * SECOND, 25 * SECOND, MINUTE, 2 * HOUR, 30 * HOUR]) {
          await h.add({ id: `in-${after}`, runAt: h.now() + after });
        }
        await happen(h.clock);
        await expectEachAtItsTime(h, 5);
      });

      timed('each retry comes once, at its time and not before', async (h) => {
        for (const retryIn of [10 * SECOND, MINUTE, 5 * HOUR]) {
          const claimed = await h.start({ id: `in-${retryIn}`, maxAttempts: 2 });
          await h.settle(claimed, { outcome: 'failed', error: BOOM, reason: 'error', retryIn });
        }
        await happen(h.clock);
        await expectEachAtItsTime(h, 3);
      });

      timed('a claim that waits gets the job at its time', async (h) => {
        const runAt = h.now() + 2 * MINUTE;
        await h.add({ runAt });
        const waiting = h.claimOne();
        await happen(h.clock);
        if (h.now() < runAt) {
          await h.clock.advance(runAt - h.now() - 1);
          expect((await h.store.counts()).active).toBe(0);
          await h.clock.advance(1);
        }
        expect(Date.parse((await waiting).job.started ?? '')).toBe(Math.max(runAt, h.now()));
        expect(await h.claim()).toEqual([]);
      });

      timed('a job that runs stays with its worker', async (h) => {
        const claimed = await h.start();
        await happen(h.clock);
        await h.clock.advance(10 * MINUTE);
        expect(await h.claim({ worker: 'w2' })).toEqual([]);
        expect(await h.job(claimed.job.id)).toEqual(claimed.job);
        await h.settle(claimed, { outcome: 'completed' });
      });

      timed('a finished job stays for its retention, and not longer', async (h) => {
        const id = await h.complete();
        const finished = h.now();
        const removed = await h.record({ kinds: ['removed'] });
        await happen(h.clock);
        const left = finished + DAY - h.now();
        if (left > 0) {
          await h.clock.advance(left - 1);
          expect((await h.job(id)).status).toBe('completed');
        }
        // It is looked at once a minute.
        await h.clock.advance(MINUTE + SECOND);
        await removed.untilKind('removed', id);
        expect(await h.store.get([id])).toEqual([null]);
      });

      timed('a handler times out after its time of running, and not before', async (h) => {
        await working(h, { timeout: MINUTE }, async ({ id, contexts, queue }) => {
          const [ctx] = contexts as [JobContext];
          await happen(h.clock);
          await h.clock.advance(MINUTE - running - 1);
          expect(ctx.signal.aborted).toBe(false);
          await h.clock.advance(1);
          expect(ctx.signal.reason).toMatchObject({ code: 'TIMEOUT' });
          expect(await h.soon(queue.wait(id), 'the end of the job')).toMatchObject({ reason: 'timeout', attempt: 1 });
          expect(contexts).toHaveLength(1);
        });
      });

      timed('a wait gives up after its time of running, and not before', async (h) => {
        const queue = new Queue({ store: h.store, clock: h.clock });
        const id = await h.add();
        let end: unknown;
        const waiting = queue.wait(id, { timeout: MINUTE }).catch((error: unknown) => {
          end = error;
        });
        await happen(h.clock);
        await h.clock.advance(MINUTE - running - 1);
        expect(end).toBeUndefined();
        await h.clock.advance(1);
        await waiting;
        expect(end).toBeInstanceOf(WaitTimeoutError);
        await queue.close();
      });

      timed('the queue is drained when the last retry is done, and only then', async (h) => {
        const drained = await h.record({ kinds: ['drained', 'retrying'] });
        await working(h, { backoff: { type: 'fixed', delay: 5 * MINUTE }, attempts: 2, fails: 1 }, async (work) => {
          await drained.untilKind('retrying', work.id);
          const retryAt = h.now() + 5 * MINUTE;
          await happen(h.clock);
          await h.clock.advance(Math.max(retryAt - h.now(), 0));
          await h.soon(work.ran(2), 'the second attempt');
          expect(h.now()).toBeGreaterThanOrEqual(retryAt);
          expect(drained.events.filter(isDrained)).toEqual([]);
          work.finish();
          await drained.untilKind('drained');
          await h.clock.advance(DAY);
          expect(work.contexts).toHaveLength(2);
        });
      });
    });
  }

  timed('a clock that was far ahead for a while keeps no later job from leaving', async (h) => {
    await h.clock.jump(365 * DAY);
    await h.complete({ id: 'from-the-future' });
    await h.clock.jump(-365 * DAY);
    await h.complete({ id: 'later' });
    const removed = await h.record({ kinds: ['removed'] });
    await h.clock.advance(DAY + MINUTE);
    expect((await removed.untilKind('removed', 'later')).id).toBe('later');
  });
}

function isDrained({ kind }: StoreEvent): boolean {
  return kind === 'drained';
}

/** From now on so many jobs become ready: those whose time has come at once, each other one at its own millisecond. */
async function expectEachAtItsTime(h: Harness, count: number): Promise<void> {
  const times = new Map((await h.everything()).map((job) => [job.id, Date.parse(job.runAt ?? '')]));
  const due = [...times].filter(([, at]) => at <= h.now());
  const started = (await h.claim()).map(({ job }) => job.id);
  expect(started.sort()).toEqual(due.map(([id]) => id).sort());
  const later = [...times].filter(([id]) => !started.includes(id)).sort(([, a], [, b]) => a - b);
  for (const [id, at] of later) {
    await h.clock.advance(at - h.now() - 1);
    expect(await h.claim()).toEqual([]);
    await h.clock.advance(1);
    expect((await h.claim()).map(({ job }) => job.id)).toEqual([id]);
    started.push(id);
  }
  expect(new Set(started).size).toBe(count);
}

/** What a worker does in one test. */
interface Work {
  id: string;
  queue: Queue;
  /** Of each start of the handler. */
  contexts: JobContext[];
  /** The handler was started so often. */
  ran(times: number): Promise<void>;
  /** Lets the handler that runs return. */
  finish(): void;
}

/** A worker on the store, with one job whose handler was started; its first `fails` attempts fail at once. */
async function working(
  h: Harness,
  { fails = 0, attempts = 1, ...options }: Pick<JobSpec, 'timeout' | 'backoff'> & { fails?: number; attempts?: number },
  run: (work: Work) => Promise<void>,
): Promise<void> {
  const contexts: JobContext[] = [];
  const waiting = new Set<() => void>();
  let finish = (): void => {};
  const processor: AnyProcessor = {
    type: 'work',
    input: { '~standard': { version: 1, vendor: 'leviathan', validate: (value) => ({ value }) } },
    run(ctx) {
      contexts.push(ctx);
      for (const check of waiting) check();
      if (contexts.length <= fails) throw new Error('not yet');
      return new Promise((resolve) => {
        finish = () => resolve(undefined);
        ctx.signal.addEventListener('abort', () => resolve(undefined));
      });
    },
  };
  const queue = new Queue({ store: h.store, clock: h.clock });
  const worker = new Worker({ store: h.store, processors: [processor], clock: h.clock, name: 'w1' });
  const ran = (times: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (contexts.length >= times) resolve();
      };
      waiting.add(check);
      check();
    });
  await worker.start();
  try {
    const { id } = await queue.add('work', null, { attempts, ...options });
    await h.soon(ran(1), 'the start of the handler');
    await run({ id, queue, contexts, ran, finish: () => finish() });
  } finally {
    finish();
    const stopped = worker.stop({ timeout: MINUTE });
    await h.soon(stopped, 'the stop of the worker');
    await queue.close();
  }
}
