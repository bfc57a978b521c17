/**
 * `transition-p99`: 1,000 jobs are active and each reports progress ten times a second; meanwhile other jobs are added, run, cancelled and
 * retried. From each call that changes a state to its acknowledgement: the 99th percentile of the slowest kind.
 *
 * - add: the call of `add` to its answer
 * - start: the call of `add` to the start of the handler, so that it includes the claim
 * - settle: the end of the handler to the acknowledgement of the outcome
 * - cancel, retry: the call to its answer
 */
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { passThrough, watchedStore } from '../engines/leviathan';
import { reportError } from '../engines/report-error';
import { now, pause } from '../now';
import { pace } from '../pace';
import { payload } from '../payload';
import { percentile } from '../stats';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan, type Values } from './metric';

const REPORTS_PER_SECOND = 10;
const ADDS_PER_SECOND = 200;
/** Each is added to run in an hour, cancelled, and retried, which runs it at once. */
const CHANGES_PER_SECOND = 50;
const HOUR_MS = 3_600_000;
/** Slots for the jobs that come and go. */
const FREE_SLOTS = 100;
/** How many times as long as a throughput measurement it takes. */
const TIMES = 3;

const kinds = ['add', 'start', 'settle', 'cancel', 'retry'] as const;
type Samples = Record<(typeof kinds)[number], number[]>;

interface TransitionParams extends TaskParams {
  seconds: number;
  active: number;
}

/** In the measured process. */
export async function transitionTask({ options, seconds, active }: TransitionParams): Promise<Samples> {
  const samples: Samples = { add: [], start: [], settle: [], cancel: [], retry: [] };
  const calledAt = new Map<number, number>();
  const endedAt = new Map<string, number>();
  const reporters: ((percent: number) => void)[] = [];

  const root = join(options.folder, 'jobs');
  const store = watchedStore({ root, durability: options.durability }, (settlements) => {
    for (const { id } of settlements) take(endedAt, id, samples.settle);
  });
  const long = defineProcessor({
    type: 'long',
    input: passThrough,
    run: ({ progress, signal }) => {
      reporters.push(progress);
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  const short = defineProcessor({
    type: 'short',
    input: passThrough,
    run: async ({ input, job }) => {
      take(calledAt, input.n, samples.start);
      // The last thing that the handler does.
      endedAt.set(job.id, now());
    },
  });
  const worker = { concurrency: active + FREE_SLOTS };
  const leviathan = new Leviathan({ store, processors: [long, short], worker });
  leviathan.worker?.on('error', reportError);
  await leviathan.start();
  await leviathan.addMany(Array.from({ length: active }, (_, n) => ({ type: 'long' as const, data: payload(n) })));
  while (reporters.length < active) await pause(10);

  const calls: Promise<void>[] = [];
  async function addOne(n: number): Promise<void> {
    const called = now();
    calledAt.set(n, called);
    await leviathan.add('short', payload(n));
    samples.add.push(now() - called);
  }
  async function changeOne(n: number): Promise<void> {
    const { id } = await leviathan.add('short', payload(-1 - n), { delay: HOUR_MS });
    const called = now();
    await leviathan.cancel(id);
    const cancelled = now();
    samples.cancel.push(cancelled - called);
    await leviathan.retry(id);
    samples.retry.push(now() - cancelled);
  }
  const milliseconds = seconds * 1000;
  await Promise.all([
    pace(active * REPORTS_PER_SECOND, milliseconds, (n) => reporters[n % active]?.((n / active) % 100)),
    pace(ADDS_PER_SECOND, milliseconds, (n) => calls.push(addOne(n))),
    pace(CHANGES_PER_SECOND, milliseconds, (n) => calls.push(changeOne(n))),
  ]);
  await Promise.all(calls);
  while (endedAt.size > 0) await pause(10);
  return samples;
}

/** Notes how long ago something began. */
function take<K>(begun: Map<K, number>, key: K, samples: number[]): void {
  const at = begun.get(key);
  begun.delete(key);
  if (at !== undefined) samples.push(now() - at);
}

export const transition: Metric = ofLeviathan({
  name: 'transition',
  series: ['transition-p99', ...kinds.map((kind) => `transition-p99-${kind}`)].map((metric) => ({
    metric,
    unit: 'ms',
    better: 'lower',
  })),
  durabilities: ['process', 'power'],
  measure: async ({ start, scale: { seconds, active } }): Promise<Values> => {
    const samples = await start<Samples>('transition', { seconds: seconds * TIMES, active }).result;
    const each = kinds.map((kind) => [`transition-p99-${kind}`, percentile(samples[kind], 0.99)] as const);
    return { 'transition-p99': Math.max(...each.map(([, value]) => value)), ...Object.fromEntries(each) };
  },
});
