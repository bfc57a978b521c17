/**
 * plainjob on better-sqlite3.
 *
 * - `logger`: its default is the console, to which each job writes several debug lines. Its own benchmark passes one that drops `debug`
 *   and `info` (bench/run-scenario.ts); so does this.
 * - WAL, synchronous NORMAL and a busy timeout are what `defineQueue` sets by itself (src/queue.ts): the class "process". For "power",
 *   synchronous FULL, which SQLite documents as durable in WAL mode (sqlite.org/pragma.html#pragma_synchronous).
 * - The busy timeout is raised to a minute: with the five seconds that it sets, three processes on a slow disk fail with "database is locked".
 * - A worker runs one job at a time. README, "Multi-process Workers", starts several processes; its benchmark also starts several workers
 *   in one process ("concurrent"). Both one worker and as many as the concurrency are tried here, and the faster counts.
 * - `pollIntervall` (src/worker.ts): an idle worker sleeps for a second by default. Here it is the least, 1 ms.
 * - Bulk: `addMany`, one transaction.
 * - `timeout`, `removeDoneJobsOlderThan` and `removeFailedJobsOlderThan` are left at their defaults: it keeps done jobs for 7 days.
 */
import { join } from 'node:path';
import { now } from '../now';
import { loadPeer, sqliteBinary } from '../peers';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';
import { Outcomes } from './outcomes';

interface PlainJob {
  better(database: unknown): { pragma(statement: string): unknown };
  defineQueue(options: object): {
    add(type: string, data: object): unknown;
    addMany(type: string, data: object[]): unknown;
    countJobs(filter: { status: number }): number;
    close(): void;
  };
  defineWorker(
    type: string,
    handler: () => Promise<void>,
    options: object,
  ): { start(): Promise<void>; stop(): Promise<void> };
  JobStatus: { Pending: number; Processing: number };
}

const quiet = { error: console.error, warn: console.warn, info: () => {}, debug: () => {} };

async function open({ folder, durability, variant }: EngineOptions): Promise<Session> {
  const { default: Database } = await loadPeer<{ default: new (file: string, options: object) => unknown }>(
    'better-sqlite3',
  );
  const { better, defineQueue, defineWorker, JobStatus } = await loadPeer<PlainJob>('plainjob');
  const nativeBinding = sqliteBinary(process.versions.modules);
  const connection = better(new Database(join(folder, 'queue.db'), { nativeBinding }));
  const queue = defineQueue({ connection, logger: quiet });
  connection.pragma('busy_timeout = 60000');
  if (durability === 'power') connection.pragma('synchronous = FULL');
  return {
    add: async (data) => queue.add('mail', data),
    addMany: async (batch) => queue.addMany('mail', batch),
    prepare: async ({ onJob }: WorkOptions): Promise<Work> => {
      const outcomes = new Outcomes();
      const handler = async (): Promise<void> => {
        outcomes.handled();
        onJob();
      };
      // Called once the transaction that marks the job as done is committed.
      const onCompleted = (): void => outcomes.acknowledged(1);
      const options = { queue, logger: quiet, pollIntervall: 1, onCompleted };
      const workers = Array.from({ length: variant.workers ?? 1 }, () => defineWorker('mail', handler, options));
      let running: Promise<void>[] = [];
      return {
        start: async () => {
          running = workers.map((worker) => worker.start());
        },
        idle: () => outcomes.settled(),
        finish: async () => {
          await outcomes.settled();
          const end = now();
          for (const worker of workers) await worker.stop();
          await Promise.all(running);
          return end;
        },
      };
    },
    unfinished: async () =>
      queue.countJobs({ status: JobStatus.Pending }) + queue.countJobs({ status: JobStatus.Processing }),
    close: async () => queue.close(),
  };
}

export const plainjob: Engine = {
  name: 'plainjob',
  packages: ['plainjob', 'better-sqlite3'],
  node: '20.0.0',
  workVariants: (concurrency) => [{ workers: 1 }, { workers: concurrency }],
  latencyVariants: () => [{ workers: 1 }],
  open,
};
