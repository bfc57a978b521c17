/**
 * A worker inside this process.
 *
 * @module
 */
import { hostname } from 'node:os';
import type { JobStore, WorkerSettings } from '@leviathan/core';
import type { Loaded } from './processors';

/** A running worker with the services that its processors need. */
export interface Runner {
  /** Jobs whose handlers run. */
  readonly running: number;
  /** Lets running jobs end for so many milliseconds; those that do not go back to pending. */
  stop(timeout: number): Promise<void>;
}

let started = 0;

/** A name that says where the worker runs, unique in this machine as long as the process lives. */
export function workerName(): string {
  started += 1;
  return `cli-${hostname()}-${process.pid}-${started}`;
}

/** Starts the services, then a worker for these processors. `onError` gets what the worker complains about; it goes on. */
export async function startRunner(
  store: JobStore,
  loaded: Loaded,
  { onError, ...settings }: WorkerSettings & { onError(message: string): void },
): Promise<Runner> {
  const { Leviathan } = await import('@leviathan/core');
  const leviathan = new Leviathan({
    store,
    processors: loaded.processors,
    services: loaded.services,
    plugins: loaded.plugins,
    worker: { name: workerName(), ...settings },
  });
  const tell = (error: unknown): void => onError(error instanceof Error ? error.message : String(error));
  leviathan.worker?.on('error', tell);
  leviathan.on('error', tell);
  leviathan.worker?.on('stuck', ({ job, reason }) =>
    onError(`Job ${job.id} does not stop (${reason}); it was ended without its handler.`),
  );
  await leviathan.start();
  return {
    get running() {
      return leviathan.worker?.running ?? 0;
    },
    stop: (timeout) => leviathan.stop({ timeout }),
  };
}
