/** A flow whose jobs know each other by names, and a chain: no ids to make up. */
import { CycleError, defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const fetchPage = defineProcessor({
  type: 'fetch',
  input: z.object({ url: z.string() }),
  run: ({ input }) => ({ size: input.url.length }),
});
const add = defineProcessor({
  type: 'add',
  input: z.object({ to: z.number() }),
  run: async ({ input, parents }) => {
    const sizes = (await parents()).map((parent) => Number(Object(parent?.result).size));
    return { size: sizes.reduce((sum, size) => sum + size, input.to) };
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [fetchPage, add] });
await leviathan.start();

const flow = await leviathan.addFlow({
  left: { type: 'fetch', data: { url: 'http://a' } },
  right: { type: 'fetch', data: { url: 'http://bcd' } },
  sum: { type: 'add', data: { to: 0 }, dependsOn: ['left', 'right'] },
});
console.log('sum', JSON.stringify(await flow.sum.result()));

const [, , last] = await leviathan.addChain([
  { type: 'fetch', data: { url: 'http://a' } },
  { type: 'add', data: { to: 100 } },
  { type: 'add', data: { to: 1000 } },
]);
console.log('chain', JSON.stringify(await last.result()));

await leviathan
  .addFlow({
    hen: { type: 'add', data: { to: 1 }, dependsOn: ['egg'] },
    egg: { type: 'add', data: { to: 1 }, dependsOn: ['hen'] },
  })
  .catch((error) => console.log(error instanceof CycleError && error.cycle.includes('hen'), error.code));
await leviathan.stop();
