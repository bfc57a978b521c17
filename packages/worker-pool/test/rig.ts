/** A Leviathan whose jobs run in real threads and processes. */
import {
  defineProcessor,
  type Isolation,
  type Job,
  type JobOptions,
  Leviathan,
  MemoryStore,
  type WorkerSettings,
} from '@leviathan/core';
import { beforeAll, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type WorkerPoolOptions, WorkerPoolService } from '../src/index';
import { buildPrograms } from './programs';

let program: URL;

beforeAll(async () => {
  const built = await buildPrograms();
  program = built.program;
  return built.remove;
});

/** URL of a module of `test/jobs`. */
export const jobModule = (name: string): URL => new URL(`./jobs/${name}`, import.meta.url);

/** A processor whose handler is this export of `test/jobs/tasks.mjs`. */
export function task<const Name extends string>(handler: Name, isolation: Isolation = {}) {
  return defineProcessor({ type: handler, input: z.any(), module: jobModule('tasks.mjs'), handler, isolation });
}

/** What {@link rig} can be told. */
export interface RigOptions {
  pool?: WorkerPoolOptions;
  worker?: WorkerSettings;
}

/** A started Leviathan, stopped after the test. */
export async function rig(processors: ReturnType<typeof task>[], { pool = {}, worker = {} }: RigOptions = {}) {
  const service = new WorkerPoolService({ program, maxWorkers: 4, ...pool });
  const store = new MemoryStore();
  const leviathan = new Leviathan({ store, processors, services: [service], worker });
  await leviathan.start();
  onTestFinished(() => leviathan.stop({ timeout: 0 }));
  const { queue } = leviathan;
  return {
    leviathan,
    service,
    add: async (type: string, data: unknown = null, options: JobOptions = {}): Promise<string> =>
      (await queue.add(type as never, data as never, { attempts: 1, ...options })).id,
    /** Adds a job and waits for its end. */
    run: async (type: string, data: unknown = null, options: JobOptions = {}): Promise<Job> => {
      const { id } = await queue.add(type as never, data as never, { attempts: 1, ...options });
      return queue.wait(id);
    },
    ended: (id: string): Promise<Job> => queue.wait(id),
    /** Resolves when the job has logged this. */
    logged: (id: string, wanted: string): Promise<void> =>
      new Promise((resolve) => {
        leviathan.on('log', (event) => {
          if (event.id === id && event.logs?.some(({ message }) => message.startsWith(wanted))) resolve();
        });
      }),
    counts: async () => (await leviathan.health()).services['worker-pool']?.details as Record<string, number>,
  };
}

/** The messages of a job's log. */
export const messages = (job: Job): string[] => job.metadata.logs.map(({ message }) => message);

/** The newest error of a job. */
export const errorOf = (job: Job) => job.metadata.errors.at(-1);
