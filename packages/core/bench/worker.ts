/**
 * How much the worker itself costs: a no-op handler over a store that costs next to nothing, and over the MemoryStore.
 *
 * Run it from the repository's root: `npx tsx --conditions @leviathan/source packages/core/bench/worker.ts`
 */
import { defineProcessor, type JobStore, Leviathan, MemoryStore, Worker } from '../src/index';

const any = { '~standard': { version: 1 as const, vendor: 'bench', validate: (value: unknown) => ({ value }) } };

/** Hands out `count` jobs from the air and takes every outcome. */
function idealStore(count: number, done: () => void): JobStore {
  let given = 0;
  let settled = 0;
  const job = (id: string) => ({
    id,
    type: 'noop',
    status: 'active' as const,
    priority: 5,
    created: '',
    updated: '',
    data: null,
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
      if (given === count) return new Promise((resolve) => signal?.addEventListener('abort', () => resolve([])));
      const from = given;
      given = Math.min(given + limit, count);
      return Array.from({ length: given - from }, (_, i) => ({ job: job(`job_${from + i}`), token: 't' }));
    },
    settle: async (settlements) => {
      settled += settlements.length;
      if (settled === count) done();
      return settlements.map(({ id }) => ({ id, accepted: true, status: 'completed' as const }));
    },
  };
  return store as JobStore;
}

async function overIdealStore(count: number, concurrency: number, run: () => unknown): Promise<number> {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const noop = defineProcessor({ type: 'noop', input: any, run });
  const worker = new Worker({ store: idealStore(count, finish), processors: [noop], concurrency });
  const start = performance.now();
  await worker.start();
  await finished;
  const seconds = (performance.now() - start) / 1000;
  await worker.stop();
  return count / seconds;
}

async function overMemoryStore(count: number, concurrency: number, run: () => unknown): Promise<number> {
  const noop = defineProcessor({ type: 'noop', input: any, run });
  const leviathan = new Leviathan({ store: new MemoryStore(), processors: [noop], worker: { concurrency } });
  for (let i = 0; i < count; i += 1000) {
    await leviathan.addMany(Array.from({ length: 1000 }, () => ({ type: 'noop' as const, data: null })));
  }
  const drained = new Promise((resolve) => leviathan.once('drained', resolve));
  const start = performance.now();
  await leviathan.start();
  await drained;
  const seconds = (performance.now() - start) / 1000;
  await leviathan.stop();
  return count / seconds;
}

async function latency(count: number): Promise<{ p50: number; p99: number }> {
  let started = 0;
  const times: number[] = [];
  const noop = defineProcessor({
    type: 'noop',
    input: any,
    run: () => {
      times.push((performance.now() - started) * 1000);
    },
  });
  const leviathan = new Leviathan({ store: new MemoryStore(), processors: [noop] });
  await leviathan.start();
  for (let i = 0; i < count; i++) {
    started = performance.now();
    await leviathan.add('noop', null);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await leviathan.stop();
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(count / 2)] ?? 0, p99: times[Math.floor(count * 0.99)] ?? 0 };
}

const rate = (jobs: number): string => `${Math.round(jobs).toLocaleString('en')} jobs/s`;
const count = Number(process.argv[2] ?? 500_000);
await overIdealStore(count / 5, 100, async () => {}); // warm up
console.log('ideal store,  sync handler,  concurrency 100:', rate(await overIdealStore(count, 100, () => {})));
console.log('ideal store,  async handler, concurrency 100:', rate(await overIdealStore(count, 100, async () => {})));
console.log('ideal store,  async handler, concurrency   1:', rate(await overIdealStore(count, 1, async () => {})));
const deep = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve(i);
};
console.log('ideal store,  5 awaits,      concurrency 100:', rate(await overIdealStore(count, 100, deep)));
const turn = () => new Promise((resolve) => setImmediate(resolve));
console.log('ideal store,  a turn each,   concurrency 100:', rate(await overIdealStore(count, 100, turn)));
console.log(
  'memory store, async handler, concurrency 100:',
  rate(await overMemoryStore(count / 5, 100, async () => {})),
);
const { p50, p99 } = await latency(20_000);
console.log(`memory store, add to handler when idle: p50 ${p50.toFixed(0)} µs, p99 ${p99.toFixed(0)} µs`);
