/**
 * A store in a process of its own, which does what it is told: `{ id, method, args }` calls that method, and is answered by
 * `{ id, result }` or `{ id, error }`. `work` starts a worker; it tells each of its jobs by `{ ran }`. `block` keeps the event loop busy for
 * so many milliseconds.
 */
import type { ClaimedJob } from '@leviathan/core';
import { fsStore } from '../fs-store';
import type { FsStoreOptions } from '../options';

/** How a worker works. */
export interface Work {
  worker: string;
  types: Record<string, number>;
  /** Jobs at once. */
  slots: number;
  /** Milliseconds that each job takes. */
  ms: number;
}

/** What a worker tells of a job: when it starts, and when its completion was answered. Times are epoch milliseconds. */
export interface Ran {
  what: 'started' | 'completed';
  id: string;
  attempt: number;
  /** When the worker asked for it. */
  asked: number;
  at: number;
  accepted?: boolean;
}

const store = fsStore(JSON.parse(process.argv[2] ?? '{}') as FsStoreOptions);

const tell = (ran: Ran): void => void process.send?.({ ran });

async function runJob({ job, token }: ClaimedJob, asked: number, ms: number): Promise<void> {
  const { id, attempt } = job;
  tell({ what: 'started', id, attempt, asked, at: Date.now() });
  await new Promise((resolve) => setTimeout(resolve, ms));
  const [settled] = await store.settle([{ id, token, outcome: 'completed' }]);
  tell({ what: 'completed', id, attempt, asked, at: Date.now(), accepted: settled?.accepted ?? false });
}

async function slot({ worker, types, ms }: Work): Promise<never> {
  for (;;) {
    const asked = Date.now();
    const jobs = await store.claim({ worker, limit: 1, types, wait: true });
    for (const claimed of jobs) await runJob(claimed, asked, ms);
  }
}

async function run(method: string, args: unknown[]): Promise<unknown> {
  if (method === 'work') {
    const work = args[0] as Work;
    for (let i = 0; i < work.slots; i++) void slot(work);
    return undefined;
  }
  if (method === 'block') {
    for (const end = performance.now() + (args[0] as number); performance.now() < end; );
    return undefined;
  }
  const called = store[method as keyof typeof store] as (...args: unknown[]) => Promise<unknown>;
  return called.apply(store, args);
}

process.on('message', async ({ id, method, args }: { id: number; method: string; args: unknown[] }) => {
  try {
    process.send?.({ id, result: await run(method, args) });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    process.send?.({ id, error: { code, message } });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
