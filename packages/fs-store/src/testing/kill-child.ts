/**
 * A program that uses the store until it is killed: it adds jobs, runs jobs, and writes down in a file of its own what it was promised.
 * The file survives the kill as the kernel's page cache does. Lines: `A <id>` added; `S <id> <token>` an attempt starts here;
 * `D <id> <token>` its completion was accepted; `R <id> <token>` its retry was accepted.
 */
import { openSync, writeSync } from 'node:fs';
import type { ClaimedJob, JobStore } from '@leviathan/core';
import { fsStore } from '../fs-store';
import { randomFrom } from './random';

const [root = '', log = '', seed = '0'] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const fd = openSync(log, 'a');
const note = (line: string): void => void writeSync(fd, `${line}\n`);

async function addJobs(store: JobStore): Promise<void> {
  for (;;) {
    const specs = Array.from({ length: 1 + random.below(5) }, () => ({
      type: random.below(2) === 0 ? 'even' : 'odd',
      data: { text: 'x'.repeat(random.below(400)) },
      priority: 1 + random.below(10),
      maxAttempts: 1_000,
      maxCrashes: 1_000,
    }));
    for (const { id } of await store.add(specs)) note(`A ${id}`);
    const { pending } = await store.counts();
    // Keep the queue busy, not endless.
    if (pending > 200) await nextTurn(20);
    else await nextTurn(random.below(3));
  }
}

async function runJobs(store: JobStore): Promise<void> {
  const worker = `${process.pid}-${seed}`;
  for (;;) {
    const jobs = await store.claim({ worker, limit: 1 + random.below(10), wait: true });
    await Promise.all(jobs.map((claimed) => runJob(store, claimed)));
  }
}

async function runJob(store: JobStore, { job, token }: ClaimedJob): Promise<void> {
  note(`S ${job.id} ${token}`);
  await nextTurn(random.below(4));
  if (random.below(4) === 0)
    await store.report([{ id: job.id, token, progress: random.below(100), checkpoint: { at: token } }]);
  if (random.below(6) === 0) {
    const error = { name: 'Error', message: 'not this time' };
    const [settled] = await store.settle([
      { id: job.id, token, outcome: 'failed', error, reason: 'error', retryIn: random.below(5) },
    ]);
    if (settled?.accepted) note(`R ${job.id} ${token}`);
    return;
  }
  const [settled] = await store.settle([{ id: job.id, token, outcome: 'completed', result: { token } }]);
  if (settled?.accepted) note(`D ${job.id} ${token}`);
}

async function nextTurn(turns: number): Promise<void> {
  for (let i = 0; i <= turns; i++) await new Promise(setImmediate);
}

const store = fsStore({ root, durability: 'process', retention: { completed: { count: 1e6 } } });
await store.open();
process.send?.(String((await store.health()).details.role ?? 'client'));
await Promise.all([addJobs(store), runJobs(store)]);
