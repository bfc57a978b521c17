/**
 * A worker inside this process.
 *
 * @module
 */
import { hostname } from 'node:os';
import type { JobStore, Worker } from '@leviathan/core';
import type { Loaded } from './processors';

/** A running worker with the services that its processors need. */
export interface Runner {
  readonly worker: Worker;
  /** Lets running jobs end for so many milliseconds; those that do not go back to pending. */
  stop(timeout: number): Promise<void>;
}

let started = 0;

/** A name that says where the worker runs, unique in this machine as long as the process lives. */
export function workerName(): string {
  started += 1;
  return `cli-${hostname()}-${process.pid}-${started}`;
}

/** Starts the services, then a worker for these processors. */
export async function startRunner(
  store: JobStore,
  loaded: Loaded,
  options: { concurrency?: number | undefined; name?: string },
): Promise<Runner> {
  const { ServiceManager, Worker: WorkerClass } = await import('@leviathan/core');
  const services = new ServiceManager(loaded.services);
  const worker = new WorkerClass({
    store,
    processors: loaded.processors,
    name: options.name ?? workerName(),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
  });
  await services.start();
  await worker.start();
  return {
    worker,
    async stop(timeout) {
      // The worker first: its handlers still use the services.
      try {
        await worker.stop({ timeout });
      } finally {
        await services.stop();
      }
    },
  };
}
