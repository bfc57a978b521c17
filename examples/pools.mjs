/** Pools: jobs say what they need, and start as far as there is enough of it. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const inUse = { memory: 0, gpu: 0 };
const most = { memory: 0, gpu: 0 };
const render = defineProcessor({
  type: 'render',
  input: z.object({ scene: z.string() }),
  defaults: { needs: { memory: 300, gpu: 1 } },
  run: ({ job }) => use(job.needs ?? {}),
});
const index = defineProcessor({
  type: 'index',
  input: z.object({ folder: z.string() }),
  defaults: { needs: { memory: 500 } },
  run: ({ job }) => use(job.needs ?? {}),
});

async function use(/** @type {Record<string, number>} */ needs) {
  for (const pool of /** @type {const} */ (['memory', 'gpu'])) {
    inUse[pool] += needs[pool] ?? 0;
    most[pool] = Math.max(most[pool], inUse[pool]);
  }
  await pause(5);
  for (const pool of /** @type {const} */ (['memory', 'gpu'])) inUse[pool] -= needs[pool] ?? 0;
}

const leviathan = new Leviathan({ store: new MemoryStore(), processors: [render, index], worker: { concurrency: 20 } });
await leviathan.pools.set('memory', { capacity: 1_000, description: 'megabytes' });
await leviathan.pools.set('gpu', { capacity: 1 });
const handles = await leviathan.addMany([
  { type: 'render', data: { scene: 'harbour' } },
  { type: 'render', data: { scene: 'island' } },
  { type: 'index', data: { folder: 'mail' } },
  { type: 'index', data: { folder: 'photos' } },
  { type: 'index', data: { folder: 'music' } },
]);
const huge = await leviathan.add('index', { folder: 'everything' }, { needs: { memory: 4_000 } });
await leviathan.start();
await Promise.all(handles.map((handle) => handle.result()));
console.log(`at most ${most.memory} of 1000 MB and ${most.gpu} GPU were in use at once`);
console.log((await leviathan.explain(huge.id))?.sentence);
await leviathan.stop();
