/** Jobs that wait for others, added together: all of them or none. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const step = defineProcessor({
  type: 'step',
  input: z.object({ name: z.string() }),
  run: ({ input }) => console.log(`ran ${input.name}`),
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [step] });

await leviathan.addMany([
  { type: 'step', data: { name: 'publish' }, options: { id: 'publish', dependsOn: ['build', 'sign'] } },
  { type: 'step', data: { name: 'sign' }, options: { id: 'sign', dependsOn: ['build'] } },
  { type: 'step', data: { name: 'build' }, options: { id: 'build' } },
]);
const explanation = await leviathan.explain('publish');
const [cause] = explanation?.causes ?? [];
console.log(cause?.code === 'blocked' ? `publish waits for ${cause.by.map((job) => job.id).join(' and ')}` : cause);

await leviathan.start();
await leviathan.wait('publish');
await leviathan.stop();
