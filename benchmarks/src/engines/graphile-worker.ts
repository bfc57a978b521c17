/**
 * graphile-worker on Postgres.
 *
 * - `localQueue: { size: 500 }`, `completeJobBatchDelay: 0`, `failJobBatchDelay: 0`: the settings of its own record, worker.graphile.org,
 *   "Performance", Quick stats and "With batching". The page recommends batching for high throughput, and 0 for the least delay; its other
 *   example, a delay of 25 ms, is tried as well. For latency it is tried without the local queue, as the page says.
 * - `maxPoolSize`: "10 or concurrentJobs + 2, whichever is larger" ("Configuration", worker.maxPoolSize). Adding is tried with more, too.
 * - The logger drops everything, and `NO_LOG_SUCCESS` keeps it from making the lines, as in its own test (perfTest/run.js).
 * - Bulk: `addJobs`, one call of `add_jobs` ("Performance": "single add_jobs batch call").
 * - No crontab; everything else at its default. Completed jobs are deleted, which is what it always does.
 */
import { now } from '../now';
import type { Payload } from '../payload';
import { loadPeer } from '../peers';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';
import { type Pool, poolFor } from './postgres-pool';
import { reportError } from './report-error';

interface GraphileWorker {
  Logger: new (factory: () => () => void) => object;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(task: string, payload: Payload): Promise<unknown>;
    addJobs(jobs: { identifier: string; payload: Payload }[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{
    stop(): Promise<void>;
    events: { on(event: 'job:error' | 'pool:fatalError', listener: (event: { error: unknown }) => void): void };
  }>;
}

async function open({ server, variant }: EngineOptions): Promise<Session> {
  // Read when the package is loaded.
  process.env.NO_LOG_SUCCESS = '1';
  const { Logger, makeWorkerUtils, run } = await loadPeer<GraphileWorker>('graphile-worker');
  const logger = new Logger(() => () => {});
  const pool = await poolFor(server, variant.pool ?? 10);
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();

  async function waiting(): Promise<number> {
    const { rows } = await pool.query('SELECT count(*)::int AS count FROM graphile_worker.jobs');
    return rows[0]?.count as number;
  }

  return {
    add: (data) => utils.addJob('mail', data),
    addMany: (batch) => utils.addJobs(batch.map((payload) => ({ identifier: 'mail', payload }))),
    unfinished: waiting,
    // PostgreSQL's chapter "Populating a Database" says to run ANALYZE afterwards, worker.graphile.org ("Scaling tips") to vacuum when it is
    // quiet. Autovacuum looks once a minute, and until then the planner knows nothing of the table.
    rest: () => pool.query('VACUUM (ANALYZE) graphile_worker._private_jobs'),
    prepare: ({ concurrency, onJob }: WorkOptions) => prepare(concurrency, onJob),
    close: async () => {
      await utils.release();
      await pool.end();
    },
  };

  async function prepare(concurrency: number, onJob: () => void): Promise<Work> {
    const workers = await poolFor(server, Math.max(10, concurrency + 2));
    await warm(workers);
    const preset = {
      worker: {
        concurrentJobs: concurrency,
        localQueue: { size: variant.localQueue ?? 500 },
        completeJobBatchDelay: variant.delay ?? 0,
        failJobBatchDelay: variant.delay ?? 0,
        logger,
      },
    };
    const taskList = { mail: async () => onJob() };
    let runner: Awaited<ReturnType<typeof run>> | undefined;
    return {
      start: async () => {
        runner = await run({ preset, taskList, pgPool: workers, parsedCronItems: [], noHandleSignals: true });
        runner.events.on('job:error', ({ error }) => reportError(error));
        runner.events.on('pool:fatalError', ({ error }) => reportError(error));
      },
      idle: async () => {
        while ((await waiting()) > 0) await new Promise((resolve) => setImmediate(resolve));
      },
      // A stop resolves once the batches of completed jobs have been written.
      finish: async () => {
        await runner?.stop();
        const end = now();
        await workers.end();
        return end;
      },
    };
  }
}

/** Connects what the worker will use at once. */
async function warm(pool: Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
  for (const client of clients) client.release();
}

export const graphileWorker: Engine = {
  name: 'graphile-worker',
  server: 'postgres',
  packages: ['graphile-worker', 'pg'],
  node: '22.18.0',
  addVariants: () => [{ pool: 10 }, { pool: 50 }],
  workVariants: () => [{ delay: 0 }, { delay: 25 }],
  latencyVariants: () => [{ localQueue: 500 }, { localQueue: -1 }],
  open,
};
