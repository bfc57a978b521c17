/** At most one pending or active job holds a key: the second `add` gets the first one's handle, or an error if it asks for one. */
import { DuplicateJobError, defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const sync = defineProcessor({ type: 'sync', input: z.object({ account: z.string() }), run: () => 'in sync' });
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [sync] });

const data = { account: 'ada' };
const first = await leviathan.add('sync', data, { key: 'sync:ada' });
const second = await leviathan.add('sync', data, { key: 'sync:ada' });
console.log(`first added: ${first.added}, second added: ${second.added}, same job: ${first.id === second.id}`);

try {
  await leviathan.add('sync', data, { key: 'sync:ada', onDuplicate: 'reject' });
} catch (error) {
  if (!(error instanceof DuplicateJobError)) throw error;
  console.log(`${error.code}: the holder is the first job: ${error.jobId === first.id}`);
}

await leviathan.start();
await first.result();
const third = await leviathan.add('sync', data, { key: 'sync:ada' });
console.log(`once the first has completed, added: ${third.added}`);
await third.result();
await leviathan.stop();
