/** Ageing: a job of low priority gets its turn although better ones keep coming. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

let isOver = false;
let left = 0;
const mail = defineProcessor({
  type: 'mail',
  input: z.object({}),
  run: async () => {
    // The next one is there before this one ends: of jobs like this there is always one that waits.
    if (!isOver) await leviathan.add('mail', {});
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
});
const report = defineProcessor({
  type: 'report',
  input: z.object({}),
  // Every 50 ms that it waits, its priority becomes better by one. A mail has 5.
  defaults: { priority: 8, ageing: 50 },
  run: async () => {
    isOver = true;
    left = (await leviathan.counts()).pending;
  },
});
const leviathan = new Leviathan({
  store: fsStore(),
  processors: [mail, report],
  worker: { concurrency: 1 },
});

await leviathan.add('mail', {});
const waiting = await leviathan.add('report', {});
await leviathan.start();
const { priority } = await waiting.wait();
console.log('mails that still waited when the report started:', left);
console.log('it was as good as they are:', priority <= 5);

const { entries } = await leviathan.trail(waiting.id);
const steps = entries.filter(({ op }) => op === 'edit');
console.log('who made it better:', new Set(steps.map(({ by }) => by)));
await leviathan.stop();
