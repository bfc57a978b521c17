/** The folders go both ways: moving a failed job's file to `pending/` retries it, as `mv` in a shell would. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

let isPrinterOn = false;
const print = defineProcessor({
  type: 'print',
  input: z.object({ page: z.number() }),
  run: ({ input }) => {
    if (!isPrinterOn) throw new Error('the printer is off');
    return `page ${input.page}`;
  },
});
const store = fsStore();
const leviathan = new Leviathan({ store, processors: [print] });
await leviathan.start();

const { id } = await leviathan.add('print', { page: 7 }, { attempts: 1 });
const failed = await leviathan.wait(id);
console.log(`${failed.status}: ${failed.metadata.errors[0]?.message}`);

isPrinterOn = true;
const again = new Promise((resolve) => leviathan.once('completed', resolve));
const file = `${id}.json`;
// The file stands there a moment after the job's end: folders are written behind.
while (
  !(await rename(join(store.root, 'failed', file), join(store.root, 'pending', file)).then(
    () => true,
    () => false,
  ))
)
  await new Promise((resolve) => setTimeout(resolve, 20));
await again;

const job = await leviathan.get(id);
console.log(`${job?.status}: ${job?.result}, errors kept: ${job?.metadata.errors.length}`);
await leviathan.stop();
