/**
 * A process of the torture: it adds jobs and manages them, and runs whatever there is, until it is killed or told to leave. What it asked
 * for and was told stands in its evidence. Told by its parent: `quiet` (add no more), `leave` (end in order), `work` (run jobs, if it did
 * not yet), or a number: to block its event loop for so many milliseconds. Tells: `booted`, with its role what it opened, and `quiet` when the last of its jobs is added.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type AnyProcessor, type JobContext, type JobSpec, StoreError, Worker } from '@leviathan/core';
import type { FsStoreOptions } from '../../src/options';
import { randomFrom } from '../../src/testing/random';
import { type HandAction, writeNotes } from './evidence';
import { WitnessedStore } from './witnessed-store';

/** How a process begins. */
export interface Birth {
  name: string;
  evidence: string;
  seed: number;
  role: 'both' | 'worker' | 'producer';
  store: FsStoreOptions;
}

/** So many jobs wait at most, so that each has its turn within a few rounds. */
const MAX_WAITING = 60;

const { name, evidence, seed, role, store: options } = JSON.parse(process.argv[2] ?? '{}') as Birth;
const random = randomFrom(seed);
const note = writeNotes(evidence);
const chance = (of: number): boolean => random.below(of) === 0;
let isQuiet = role === 'worker';
let isLeaving = false;
let runs = 0;

process.on('uncaughtException', (error) => {
  note({ kind: 'broke', message: String(error.stack ?? error) });
  process.exit(1);
});
process.on('disconnect', () => process.exit(0));

const onError = (error: unknown): void => {
  // A tail that the kill cut off is what recovery is for.
  if (error instanceof StoreError && error.code === 'JOURNAL') note({ kind: 'trouble', message: error.message });
  else note({ kind: 'broke', message: `in the background: ${String((error as Error)?.stack ?? error)}` });
};
const store = new WitnessedStore({ ...options, onError }, note);

function processor(type: string, handler: (ctx: JobContext) => Promise<void>): AnyProcessor {
  return {
    type,
    input: { '~standard': { version: 1, vendor: 'torture', validate: (value) => ({ value }) } },
    async run(ctx) {
      const run = `${name}-${++runs}`;
      note({ kind: 'run', id: ctx.job.id, run, wall: Date.now() });
      const began = store.came.get(ctx.job.id) ?? 0;
      const { timeout } = ctx.job;
      if (timeout !== undefined) {
        ctx.signal.addEventListener('abort', () => {
          if ((ctx.signal.reason as { code?: string }).code !== 'TIMEOUT') return;
          note({ kind: 'timeout', id: ctx.job.id, limit: timeout, after: performance.now() - began });
        });
      }
      await handler(ctx);
      return { run };
    },
  };
}

const quick = processor('quick', async (ctx) => {
  for (let turns = random.below(5); turns > 0; turns--) await new Promise(setImmediate);
  if (chance(4)) ctx.progress(random.below(100), { at: runs });
  if (chance(8)) await ctx.checkpoint({ at: runs });
  if (chance(6)) throw new Error('not this time');
});

const slow = processor('slow', (ctx) => delay(20 + random.below(400), undefined, { signal: ctx.signal }));

const worker = new Worker({ store, name: `w-${name}`, processors: [quick, slow], concurrency: 1 + random.below(8) });
worker.on('error', (error) => note({ kind: 'broke', message: `worker: ${String((error as Error)?.stack ?? error)}` }));
worker.on('refused', ({ id }) => note({ kind: 'trouble', message: `the outcome of ${id} was refused` }));

function newJob(number: number): JobSpec {
  return {
    id: `${name}-j${number}`,
    type: chance(5) ? 'slow' : 'quick',
    data: { text: 'x'.repeat(random.below(500)) },
    priority: 1 + random.below(10),
    maxAttempts: chance(3) ? 2 : 1_000,
    maxCrashes: chance(10) ? 2 : 1_000,
    backoff: { type: 'fixed', delay: random.below(60) },
    ...(chance(5) && { runAt: Date.now() + random.below(400) }),
    ...(chance(6) && { timeout: 30 + random.below(200) }),
  };
}

async function produce(): Promise<void> {
  const mine: string[] = [];
  for (let number = 0; !isQuiet; ) {
    const specs = Array.from({ length: 1 + random.below(6) }, () => newJob(number++));
    await store.add(specs);
    mine.push(...specs.map(({ id }) => id as string));
    if (chance(3)) await manage(mine);
    const { pending } = await store.counts();
    await delay(pending > MAX_WAITING ? 30 : random.below(5));
  }
}

/** One of the newest jobs: the others have left the store. */
async function manage(mine: string[]): Promise<void> {
  const id = mine[mine.length - 1 - random.below(Math.min(mine.length, 40))] as string;
  const action = (['cancel', 'retry', 'retry', 'remove'] as HandAction[])[random.below(4)] as HandAction;
  const [job] = await store.get([id]);
  if (action === 'retry' && job?.status !== 'failed') return;
  await store.hand(id, action);
}

async function leave(): Promise<void> {
  isQuiet = true;
  isLeaving = true;
  note({ kind: 'leaves' });
  await worker.stop({ timeout: random.below(30) });
  await store.close();
  process.exit(0);
}

process.on('message', (message) => {
  if (message === 'quiet') isQuiet = true;
  if (message === 'leave') void leave();
  if (message === 'work') void worker.start();
  if (typeof message === 'number') for (const end = performance.now() + message; performance.now() < end; );
});
process.send?.('booted');
await store.open();
const opened = String((await store.health()).details.role ?? 'client');
note({ kind: 'opened', role: opened });
process.send?.(opened);
if (role !== 'producer') await worker.start();
await produce().catch((error: unknown) => {
  if (!isLeaving) throw error;
});
process.send?.('quiet');
