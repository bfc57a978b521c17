/** Limits: at most two downloads at once, one for each host, and two mails in a tenth of a second. They may change while jobs run. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const first = { started: () => {}, mayEnd: () => {} };
const started = new Promise((resolve) => Object.assign(first, { started: resolve }));
const mayEnd = new Promise((resolve) => Object.assign(first, { mayEnd: resolve }));
let running = 0;
let most = 0;
const download = defineProcessor({
  type: 'download',
  input: z.object({ page: z.number() }),
  run: async ({ input }) => {
    most = Math.max(most, ++running);
    first.started();
    await (input.page === 1 ? mayEnd : pause(5));
    running--;
  },
});
const mail = defineProcessor({
  type: 'mail',
  input: z.object({ to: z.string() }),
  run: ({ input }) => input.to,
});
const leviathan = new Leviathan({
  store: new MemoryStore(),
  processors: [download, mail],
  worker: { concurrency: 50 },
});

await leviathan.limits.set('downloads', { types: ['download'], concurrency: 2 });
await leviathan.limits.set('polite', { types: ['download'], by: 'group', concurrency: 1 });
await leviathan.limits.set('mails', { types: ['mail'], rate: { count: 2, per: 100 } });

const pages = [1, 2, 3, 4, 5, 6].map((page) => ({
  type: /** @type {const} */ ('download'),
  data: { page },
  options: { group: page < 6 ? 'a.example' : 'b.example' },
}));
const downloads = await leviathan.addMany(pages);
const mails = await leviathan.addMany(
  ['ada', 'bob', 'cleo'].map((to) => ({ type: /** @type {const} */ ('mail'), data: { to } })),
);
await leviathan.start();
await started;
const waiting = /** @type {import('@leviathan/core').JobHandle} */ (downloads[1]);
console.log('why does the second page wait?', (await leviathan.explain(waiting.id))?.sentence);
first.mayEnd();
await Promise.all([...downloads, ...mails].map((handle) => handle.result()));
console.log('downloads at once:', most);
const times = await Promise.all(mails.map(async ({ id }) => Date.parse((await leviathan.get(id))?.started ?? '')));
console.log('the third mail waited:', Math.max(...times) - Math.min(...times) >= 50);

await leviathan.limits.remove('downloads');
console.log('left:', (await leviathan.limits.list()).map(({ name }) => name).join(', '));
await leviathan.stop();
