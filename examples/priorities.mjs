/** Priorities run 1 first, 10 last; inside one, in the order of adding, until somebody moves a job. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

/** @type {string[]} */
const ran = [];
const print = defineProcessor({
  type: 'print',
  input: z.object({ page: z.string() }),
  run: ({ input }) => void ran.push(input.page),
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [print], worker: { concurrency: 1 } });

await leviathan.addMany([
  { type: 'print', data: { page: 'novel' }, options: { id: 'novel', priority: 9 } },
  { type: 'print', data: { page: 'letter' }, options: { id: 'letter' } },
  { type: 'print', data: { page: 'ticket' }, options: { id: 'ticket' } },
  { type: 'print', data: { page: 'poster' }, options: { id: 'poster' } },
]);
await leviathan.move('ticket', { to: 'top' });
await leviathan.move('letter', { after: 'poster' });
await leviathan.reprioritise('novel', 1);

const { jobs } = await leviathan.list({ sort: 'queue' });
console.log('planned:', jobs.map((job) => job.id).join(', '));
await leviathan.start();
await Promise.all(jobs.map((job) => leviathan.wait(job.id)));
console.log('printed:', ran.join(', '));
await leviathan.stop();
