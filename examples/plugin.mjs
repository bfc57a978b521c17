/** A plugin brings processors, a service and hooks into any program, and tells what it is: with a JSON Schema of its jobs, for forms. */
import { definePlugin, defineProcessor, Leviathan, MemoryStore, pluginManifest } from '@leviathan/core';
import { z } from 'zod';

/** What a package would export: a function, where there is something to choose. @param {{ format: string }} options */
function stamps({ format }) {
  let printed = 0;
  return definePlugin({
    name: 'leviathan-plugin-stamps',
    version: '1.0.0',
    description: 'Stamps documents.',
    processors: [
      defineProcessor({
        type: 'stamp',
        input: z.object({ title: z.string(), copies: z.number().int().positive().default(1) }),
        run: ({ input }) => {
          printed += input.copies;
          return `${format} ${input.title}`;
        },
      }),
    ],
    services: [
      {
        name: 'printer',
        start: () => console.log('printer: on'),
        stop: () => console.log(`printer: off after ${printed} copies`),
        health: () => ({ status: 'ok', problems: [] }),
      },
    ],
    hooks: {
      completed: ({ id }) => console.log('hook: completed', id),
    },
  });
}

const plugin = stamps({ format: '№ 1' });
const { name, processors } = pluginManifest(plugin);
console.log(name, JSON.stringify(processors[0]?.input));

const leviathan = new Leviathan({ store: new MemoryStore(), plugins: [plugin] });
await leviathan.start();
const job = await leviathan.add('stamp', { title: 'Whales', copies: 3 }, { id: 'whales' });
console.log('result:', await job.result());
await leviathan.stop();
