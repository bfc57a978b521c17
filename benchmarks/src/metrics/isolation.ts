/**
 * `isolated-*`: jobs per second whose handlers do nothing, each in a worker of the pool, as many at once as there are workers; how late the
 * program's event loop is meanwhile, with 1,000 at once. In memory: a store's share is in the other metrics, and the row's durability
 * means nothing.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defineProcessor, type Isolation, Leviathan, MemoryStore } from '@leviathan/core';
import { WorkerPoolService } from '@leviathan/worker-pool';
import { passThrough } from '../engines/leviathan';
import { now } from '../now';
import { payload } from '../payload';
import { type Metric, ofLeviathan } from './metric';

const WORKERS = 2;
/** Milliseconds between two looks; what is measured includes them. */
const RESOLUTION_MS = 1;

interface IsolationParams {
  isolation: Isolation;
  jobs: number;
  /** How many run at once. */
  active: number;
}

interface IsolationResult {
  rate: number;
  loopDelay: number;
}

/** In the measured process. */
export async function isolationTask({ isolation, jobs, active }: IsolationParams): Promise<IsolationResult> {
  const module = 'data:text/javascript,export default async () => {}';
  const processor = defineProcessor({ type: 'mail', input: passThrough, module, isolation });
  const leviathan = new Leviathan({
    store: new MemoryStore(),
    processors: [processor],
    services: [new WorkerPoolService({ maxWorkers: WORKERS })],
    worker: { concurrency: active },
  });
  await leviathan.start();
  const run = async (count: number): Promise<void> => {
    let left = count;
    const ended = new Promise<void>((resolve) => {
      leviathan.on('completed', () => --left === 0 && resolve());
    });
    await leviathan.addMany(Array.from({ length: count }, (_, n) => ({ type: 'mail' as const, data: payload(n) })));
    await ended;
  };
  // The workers are started, and warm.
  await run(Math.max(active, 200));
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const start = now();
  await run(jobs);
  const rate = (jobs / (now() - start)) * 1000;
  delays.disable();
  await leviathan.stop();
  return { rate, loopDelay: Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION_MS) };
}

export const isolation: Metric = ofLeviathan({
  name: 'isolation',
  series: [
    { metric: 'isolated-process', unit: 'jobs/s', better: 'higher' },
    { metric: 'isolated-thread', unit: 'jobs/s', better: 'higher' },
    { metric: 'isolated-shared', unit: 'jobs/s', better: 'higher' },
    { metric: 'isolated-loop-delay-p99', unit: 'ms', better: 'lower' },
  ],
  durabilities: ['process'],
  measure: async ({ start, scale: { million, active } }) => {
    const jobs = Math.ceil(million / 100);
    const measured = (isolation: Isolation, active: number): Promise<IsolationResult> =>
      start<IsolationResult>('isolation', { isolation, jobs, active }).result;
    const alone = await measured({ kind: 'process' }, WORKERS);
    const thread = await measured({ kind: 'thread' }, WORKERS);
    const shared = await measured({ kind: 'process', jobsPerWorker: Math.ceil(active / WORKERS) }, active);
    return {
      'isolated-process': alone.rate,
      'isolated-thread': thread.rate,
      'isolated-shared': shared.rate,
      'isolated-loop-delay-p99': shared.loopDelay,
    };
  },
});
