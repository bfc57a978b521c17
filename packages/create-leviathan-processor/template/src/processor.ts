import { defineProcessor } from '@leviathan/core';
import { z } from 'zod';

export const processor = defineProcessor({
  type: '__TYPE__',
  description: '__DESCRIPTION__',
  // What a job needs: checked when it is added, and again before it runs. Texts of `describe` are shown in forms.
  input: z.object({
    items: z.array(z.string().min(1)).min(1).describe('What to work on'),
  }),
  output: z.object({ done: z.number().int() }),
  defaults: { attempts: 3, timeout: 60_000 },
  // May run twice: a crash after the work and before its outcome runs it again.
  async run({ input, signal, progress, log }) {
    let done = 0;
    for (const item of input.items) {
      // Stops when the job is cancelled or takes too long. Pass the signal on to whatever takes one.
      signal.throwIfAborted();
      await work(item);
      done += 1;
      progress((done / input.items.length) * 100, { item });
    }
    log(`${done} of ${input.items.length} items done`);
    return { done };
  },
});

/** Replace it by the work on one item. */
async function work(item: string): Promise<void> {
  if (item.trim() === '') throw new Error('There is nothing to work on.');
}
