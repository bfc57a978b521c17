/** A job that finds out while it runs what there is to do: it adds the parts, waits for them without a slot, and puts them together. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const chapter = defineProcessor({
  type: 'chapter',
  input: z.object({ title: z.string() }),
  run: ({ input, job }) => {
    console.log(`writing ${input.title} for ${job.parent}`);
    return { words: input.title.length * 100 };
  },
});
const book = defineProcessor({
  type: 'book',
  input: z.object({ title: z.string() }),
  run: async ({ input, step, children }) => {
    const titles = await step('outline', () => {
      console.log(`outline of ${input.title}`);
      return ['dawn', 'noon', 'night'];
    });
    // The first time this ends the attempt; when the chapters are there, the handler runs again, and gets them here.
    const chapters = await children(
      'chapters',
      titles.map((title) => ({ type: 'chapter', data: { title } })),
    );
    console.log('putting it together');
    return chapters.map((one) => one?.result);
  },
});

// One slot is enough: the book holds none while it waits.
const leviathan = new Leviathan({
  store: new MemoryStore(),
  processors: [book, chapter],
  worker: { concurrency: 1 },
});
await leviathan.start();
const handle = await leviathan.add('book', { title: 'A day' }, { id: 'a-day' });
console.log(JSON.stringify(await handle.result()));
const { jobs } = await leviathan.list({ filter: { parent: 'a-day' } });
console.log(`${jobs.length} children, attempt ${(await handle.job())?.attempt}`);
await leviathan.stop();
