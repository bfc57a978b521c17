/**
 * `worker-alone`: jobs per second of Leviathan's worker over a store that costs nothing: what no store can make faster. The row's durability
 * means nothing.
 */
import { defineProcessor, type Job, type JobStore, Worker } from '@leviathan/core';
import { passThrough } from '../engines/leviathan';
import { reportError } from '../engines/report-error';
import { now } from '../now';
import { payload } from '../payload';
import { type Metric, ofLeviathan } from './metric';

const CONCURRENCY = 100;

/** In the measured process. */
export async function workerAloneTask({ seconds }: { seconds: number }): Promise<number> {
  const mail = defineProcessor({ type: 'mail', input: passThrough, run: async () => {} });
  const run = async (milliseconds: number): Promise<number> => {
    let settled = 0;
    const store = idealStore(now() + milliseconds, (count) => {
      settled += count;
    });
    const worker = new Worker({ store: store.store, processors: [mail], concurrency: CONCURRENCY });
    worker.on('error', reportError);
    const start = now();
    await worker.start();
    await store.ended;
    const rate = (settled / (now() - start)) * 1000;
    await worker.stop();
    return rate;
  };
  // Warm first.
  await run(seconds * 200);
  return run(seconds * 1000);
}

/** Hands out jobs from the air until a time has come, and takes every outcome. */
function idealStore(until: number, onSettled: (count: number) => void): { store: JobStore; ended: Promise<void> } {
  let given = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const job = (n: number): Job => ({
    id: `job_${n}`,
    type: 'mail',
    status: 'active',
    priority: 5,
    created: '',
    updated: '',
    data: payload(n),
    metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    rev: 2,
    attempt: 1,
    maxAttempts: 3,
    maxCrashes: 3,
  });
  const store: Partial<JobStore> = {
    open: async () => {},
    subscribe: async () => ({ seq: 0, close: async () => {} }),
    takeBack: async () => 0,
    claim: async ({ limit }, { signal } = {}) => {
      if (now() < until) return Array.from({ length: limit }, () => ({ job: job(given++), token: 't' }));
      end();
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve([])));
    },
    settle: async (settlements) => {
      onSettled(settlements.length);
      return settlements.map(({ id }) => ({ id, accepted: true, status: 'completed' as const }));
    },
  };
  return { store: store as JobStore, ended };
}

export const workerAlone: Metric = ofLeviathan({
  name: 'worker-alone',
  series: [{ metric: 'worker-alone', unit: 'jobs/s', better: 'higher' }],
  durabilities: ['process'],
  measure: async ({ start, scale: { seconds } }) => ({
    'worker-alone': await start<number>('worker-alone', { seconds }).result,
  }),
});
