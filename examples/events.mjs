/** Every change is told once, in order, to whoever listens: here, or in any other process that has the folder open. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const pack = defineProcessor({
  type: 'pack',
  input: z.object({ boxes: z.number() }),
  run: ({ input, progress, log }) => {
    log(`packing ${input.boxes} boxes`, { fields: { boxes: input.boxes } });
    progress(100, { boxes: input.boxes });
    return input.boxes;
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [pack] });

leviathan.on('event', ({ kind, status }) => console.log(kind, status ?? ''));
leviathan.on('log', ({ logs }) => console.log('  log:', logs?.map((line) => line.message).join('; ')));
leviathan.on('progress', ({ progress, detail }) => console.log(`  progress: ${progress} %`, JSON.stringify(detail)));
// A listener that throws breaks nothing: it is heard of here.
leviathan.on('error', (error) => console.log('  listener failed:', error instanceof Error ? error.message : error));
leviathan.on('completed', () => {
  throw new Error('no ink');
});

const drained = new Promise((resolve) => leviathan.once('drained', resolve));
await leviathan.start();
await leviathan.add('pack', { boxes: 3 }, { id: 'pack' });
await drained;
await leviathan.stop();
