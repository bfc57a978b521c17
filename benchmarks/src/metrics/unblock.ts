/**
 * `unblock-10k`, `unblock-100k`: a parent completes on which so many jobs depend, while others are added all the time; the longest that the
 * event loop of the program is late meanwhile. `unblock-100k-memory` is the same without a disk, `unblock-100k-all` how long it takes until
 * the last of them is ready. What is measured includes what the adding costs, and whatever else the machine does.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type JobStore, MemoryStore } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { now, pause } from '../now';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan } from './metric';

const BATCH = 1_000;
/** Milliseconds between two looks; what is measured includes them. */
const RESOLUTION_MS = 1;

interface UnblockParams extends TaskParams {
  dependents: number;
  inMemory: boolean;
  settle: number;
}

interface Unblocked {
  /** Milliseconds by which the event loop was late at worst. */
  delay: number;
  /** Milliseconds until the last was ready. */
  all: number;
}

/** In the measured process. */
export async function unblockTask({ options, dependents, inMemory, settle }: UnblockParams): Promise<Unblocked> {
  const { folder, durability } = options;
  const store = inMemory ? new MemoryStore() : fsStore({ root: join(folder, 'jobs'), durability });
  await store.open();
  // The same once before, small: the program is to be compiled when it is measured.
  await endParent(store, 'first', BATCH * 2);
  await pause(settle);
  const unblocked = await endParent(store, 'parent', dependents);
  await store.close();
  return unblocked;
}

async function endParent(store: JobStore, parent: string, dependents: number): Promise<Unblocked> {
  await store.add([{ type: 'parent', data: null, id: parent }]);
  for (let added = 0; added < dependents; added += BATCH) {
    const size = Math.min(BATCH, dependents - added);
    await store.add(Array.from({ length: size }, () => ({ type: 'child', data: null, dependsOn: [parent] })));
  }
  const [claimed] = await store.claim({ worker: 'w', limit: 1, types: { parent: 1 }, wait: false });
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const begin = now();
  await store.settle([{ id: parent, token: claimed?.token ?? '', outcome: 'completed' }]);
  while ((await store.counts()).waiting.blocked > 0) {
    await store.add([{ type: 'other', data: null }]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const all = now() - begin;
  // The last look.
  await pause(RESOLUTION_MS * 2);
  delays.disable();
  return { delay: Math.max(0, delays.max / 1e6 - RESOLUTION_MS), all };
}

export const unblock: Metric = ofLeviathan({
  name: 'unblock',
  series: [
    { metric: 'unblock-10k', unit: 'ms', better: 'lower' },
    { metric: 'unblock-100k', unit: 'ms', better: 'lower' },
    { metric: 'unblock-100k-memory', unit: 'ms', better: 'lower' },
    { metric: 'unblock-100k-all', unit: 'ms', better: 'lower' },
  ],
  durabilities: ['process', 'power'],
  measure: async ({ start, fresh, scale: { million, settle } }) => {
    const measured = (dependents: number, inMemory = false): Promise<Unblocked> =>
      start<Unblocked>('unblock', { dependents, inMemory, settle }).result;
    const few = await measured(million / 100);
    await fresh();
    const many = await measured(million / 10);
    const inMemory = await measured(million / 10, true);
    return {
      'unblock-10k': few.delay,
      'unblock-100k': many.delay,
      'unblock-100k-memory': inMemory.delay,
      'unblock-100k-all': many.all,
    };
  },
});
