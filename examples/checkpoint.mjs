/** A checkpoint outlives its process: the next program goes on where the last one was told to stop. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

/** @param {(page: number) => void} onPage */
const scanner = (onPage) =>
  defineProcessor({
    type: 'scan',
    input: z.object({ pages: z.number() }),
    async run({ input, attempt, lastCheckpoint, checkpoint, signal }) {
      const first = Number(lastCheckpoint ?? 0) + 1;
      console.log(`attempt ${attempt} starts at page ${first}`);
      for (let page = first; page <= input.pages; page++) {
        signal.throwIfAborted();
        await checkpoint(page); // durable once this resolves
        onPage(page);
      }
      return { pages: input.pages };
    },
  });

let reachedPage3 = () => {};
const page3 = new Promise((resolve) => {
  reachedPage3 = () => resolve(undefined);
});
const first = new Leviathan({ store: fsStore(), processors: [scanner((page) => page === 3 && reachedPage3())] });
await first.start();
const { id } = await first.add('scan', { pages: 500 });
await page3;
await first.stop({ timeout: 0 }); // its signal aborts: the job goes back, its attempt is not spent

const second = new Leviathan({ store: fsStore(), processors: [scanner(() => {})] });
const stored = await second.get(id);
console.log(
  `in between it is ${stored?.status}, checkpoint ${Number(stored?.metadata.checkpoint) >= 3 ? 'kept' : 'lost'}`,
);
await second.start();
const job = await second.wait(id);
console.log(`${job.status}: ${JSON.stringify(job.result)}, attempt ${job.attempt}`);
await second.stop();
