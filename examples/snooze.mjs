/** A job that comes too early is put off. Nothing failed, so no attempt is spent, however often that happens. */
import { defineProcessor, Leviathan, MemoryStore, SnoozeError } from '@leviathan/core';
import { z } from 'zod';

let looks = 0;

const unpack = defineProcessor({
  type: 'unpack',
  input: z.object({ path: z.string() }),
  run({ input }) {
    // Somebody still writes the file.
    if (++looks < 4) throw new SnoozeError(20);
    return `${input.path}, at look ${looks}`;
  },
});

const leviathan = new Leviathan({ store: new MemoryStore(), processors: [unpack] });
await leviathan.start();

const { id } = await leviathan.add('unpack', { path: 'album.zip' }, { attempts: 1 });
const job = await leviathan.wait(id);
console.log(`${job.status}: ${job.result}`);
console.log(`${job.attempt} of ${job.maxAttempts} attempts, ${job.metadata.errors.length} errors`);
await leviathan.stop();
