/**
 * A queue and a worker on one memory store under a fake clock, taken down after the test.
 */
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { MemoryStore } from '../src/memory-store';
import type { Middleware } from '../src/middleware/middleware';
import { type AnyProcessor, defineProcessor, type JobContext } from '../src/processor';
import { Queue } from '../src/queue';
import type { StoreEvent } from '../src/store';
import { FakeClock } from '../src/testing/fake-clock';
import { Worker, type WorkerSettings } from '../src/worker';
import { faultyStore } from './faulty-store';

/** A processor of any data. */
export function task<const Type extends string, Result>(
  type: Type,
  run: (ctx: JobContext<unknown>) => Promise<Result> | Result,
  rest: Pick<AnyProcessor, 'concurrency' | 'defaults'> = {},
) {
  return defineProcessor({ type, input: z.unknown(), run, ...rest });
}

export function rig<const P extends readonly AnyProcessor[]>(
  processors: P,
  settings: WorkerSettings & { maxJobBytes?: number; middleware?: readonly Middleware[] } = {},
) {
  const { maxJobBytes, middleware = [], ...workerSettings } = settings;
  const clock = new FakeClock();
  const memory = new MemoryStore({ clock, ...(maxJobBytes !== undefined && { maxJobBytes }) });
  const faults = faultyStore(memory);
  const queue = new Queue<P>({ store: faults.store, processors, middleware, clock });
  const worker = new Worker({ store: faults.store, processors, middleware, clock, name: 'w1', ...workerSettings });
  const events: StoreEvent[] = [];
  const errors: unknown[] = [];
  worker.on('error', (error) => errors.push(error));
  queue.on('event', (event) => events.push(event));
  queue.on('error', (error) => errors.push(error));
  onTestFinished(async () => {
    const stopped = worker.stop({ timeout: 0 }).catch(() => {});
    await clock.advance(20_000);
    await stopped;
    await queue.close();
    await memory.close();
  });
  return {
    clock,
    memory,
    faults,
    queue,
    worker,
    events,
    errors,
    /** The kinds of the events of one job so far. */
    kinds: (id: string) => events.filter((event) => event.id === id).map((event) => event.kind),
    job: async (id: string) => {
      const job = await queue.get(id);
      if (!job) throw new Error(`no job ${id}`);
      return job;
    },
  };
}

/** A promise and the means to settle it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Rejects with the signal's reason when it aborts, as well-behaved handlers do. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
