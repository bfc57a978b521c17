/**
 * pg-boss on Postgres. The options are documented in its types (dist/types.d.ts) and at pgboss.io, "Workers" and "Queues".
 *
 * - `batchSize`, `localConcurrency`: a worker fetches a batch and hands it to the handler as a list; `localConcurrency` is the number of
 *   workers in the process. Their product is the concurrency: one large batch, or two or five workers with smaller ones, whichever is fastest.
 * - `burstWhenBatchFull: true`: "keeps fetching continuously with no delay" while batches are full; without it there is one batch in two
 *   seconds.
 * - `useListenNotify: true` and the queue's `notify: true`, for latency alone: "workers are woken the moment a job is created". Throughput
 *   is measured without, as there it costs and brings nothing.
 * - `pollingIntervalSeconds: 0.5`, the least it takes.
 * - Single: `send`. Bulk: `insert(name, jobs)`, "the raw, high-volume path". Adding is tried with the default pool of 10 and with 50.
 * - Everything else is at its default: finished jobs are kept as long as it keeps them, and maintenance runs.
 */
import { now } from '../now';
import type { Payload } from '../payload';
import { loadPeer } from '../peers';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';
import { connectionTo, poolFor } from './postgres-pool';
import { reportError } from './report-error';

interface Boss {
  on(event: 'error', listener: (error: unknown) => void): void;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: Payload): Promise<unknown>;
  insert(name: string, jobs: { data: Payload }[]): Promise<unknown>;
  work(name: string, options: object, handler: (jobs: unknown[]) => Promise<void>): Promise<string>;
  offWork(name: string, options: object): Promise<void>;
}

const UNFINISHED = "SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'mail' AND state < 'completed'";

async function open({ server, variant, first }: EngineOptions): Promise<Session> {
  const { PgBoss } = await loadPeer<{ PgBoss: new (options: object) => Boss }>('pg-boss');
  const notify = variant.notify === 1;
  const boss = new PgBoss({ ...connectionTo(server), max: variant.pool ?? 10, useListenNotify: notify });
  boss.on('error', reportError);
  await boss.start();
  if (first) await boss.createQueue('mail', { notify });
  const pool = await poolFor(server, 1);

  async function unfinished(): Promise<number> {
    const { rows } = await pool.query(UNFINISHED);
    return rows[0]?.count as number;
  }

  return {
    add: (data) => boss.send('mail', data),
    addMany: (batch) =>
      boss.insert(
        'mail',
        batch.map((data) => ({ data })),
      ),
    unfinished,
    // As PostgreSQL's chapter "Populating a Database" says. Autovacuum looks once a minute.
    rest: () => pool.query('VACUUM (ANALYZE) pgboss.job_common'),
    prepare: async ({ concurrency, onJob }: WorkOptions): Promise<Work> => {
      const workers = Math.min(variant.workers ?? 1, concurrency);
      const options = {
        batchSize: Math.max(1, Math.floor(concurrency / workers)),
        localConcurrency: workers,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
      };
      const handle = async (): Promise<void> => onJob();
      return {
        start: async () => {
          await boss.work('mail', options, async (jobs) => {
            await Promise.all(jobs.map(handle));
          });
        },
        idle: async () => {
          while ((await unfinished()) > 0) await new Promise((resolve) => setImmediate(resolve));
        },
        // Waits for the batches under way, until they are completed in the database.
        finish: async () => {
          await boss.offWork('mail', { wait: true });
          return now();
        },
      };
    },
    close: async () => {
      await pool.end();
      await boss.stop({ graceful: false });
    },
  };
}

export const pgBoss: Engine = {
  name: 'pg-boss',
  server: 'postgres',
  packages: ['pg-boss', 'pg'],
  node: '22.12.0',
  workVariants: (concurrency) =>
    [1, 2, 5].filter((workers) => concurrency % workers === 0).map((workers) => ({ workers })),
  addVariants: () => [{ pool: 10 }, { pool: 50 }],
  latencyVariants: () => [{ notify: 1 }],
  open,
};
