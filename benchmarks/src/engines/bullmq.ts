/**
 * BullMQ on Redis, through ioredis, its default client.
 *
 * - Redis: append-only file, `noeviction` (docs.bullmq.io, "Going to production", sections Persistence and Max memory policy); see
 *   `servers/redis.ts`. "power" is `appendfsync always`: Redis answers after the fsync.
 * - Worker: `concurrency` as asked ("Workers / Concurrency" and "Parallelism and Concurrency", which names 100 to 300 as usual for jobs
 *   that do I/O). Everything else is at its default, as the documentation names no other setting for throughput: a finished job brings
 *   the next one in the same round trip, and completed jobs are kept.
 * - `maxRetriesPerRequest: null`: required of a worker's connection ("Connections").
 * - A connection for the queue and one for the worker, as the documentation shows ("Connections", "Going to production").
 * - Bulk: `addBulk` ("Queues / Adding jobs in bulk").
 * - The socket: ioredis's README, "Connect to Redis", connects to a path; a Unix socket is the faster way on one machine
 *   (redis.io, "Redis benchmark", on Unix domain sockets).
 */
import { now } from '../now';
import { loadPeer } from '../peers';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';
import { Outcomes } from './outcomes';
import { reportError } from './report-error';

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: { name: string; data: object }[]): Promise<unknown>;
    getJobCounts(...states: string[]): Promise<Record<string, number>>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    handler: () => Promise<void>,
    options: object,
  ) => {
    run(): Promise<void>;
    on(event: 'completed' | 'failed' | 'error', listener: (...args: unknown[]) => void): void;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

async function open({ server }: EngineOptions): Promise<Session> {
  const { Queue, Worker } = await loadPeer<BullMq>('bullmq');
  const connection = { path: server?.socket, maxRetriesPerRequest: null };
  const queue = new Queue('mail', { connection });
  await queue.waitUntilReady();
  return {
    add: (data) => queue.add('mail', data),
    addMany: (batch) => queue.addBulk(batch.map((data) => ({ name: 'mail', data }))),
    prepare: async ({ concurrency, onJob }: WorkOptions): Promise<Work> => {
      const outcomes = new Outcomes();
      const handler = async (): Promise<void> => {
        outcomes.handled();
        onJob();
      };
      const worker = new Worker('mail', handler, { connection, concurrency, autorun: false });
      // Emitted when Redis has answered to the script that completes the job.
      worker.on('completed', () => outcomes.acknowledged(1));
      worker.on('failed', (_, error) => reportError(error));
      worker.on('error', reportError);
      await worker.waitUntilReady();
      return {
        start: async () => {
          worker.run().catch(reportError);
        },
        idle: () => outcomes.settled(),
        finish: async () => {
          await outcomes.settled();
          const end = now();
          await worker.close();
          return end;
        },
      };
    },
    unfinished: async () => {
      const counts = await queue.getJobCounts('wait', 'paused', 'prioritized', 'delayed', 'active');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    close: () => queue.close(),
  };
}

export const bullmq: Engine = {
  name: 'bullmq',
  server: 'redis',
  packages: ['bullmq', 'ioredis'],
  node: '20.0.0',
  open,
};
