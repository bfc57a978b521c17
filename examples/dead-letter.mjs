/** A job that fails for good leaves a dead letter, with all that is needed to put it back once the cause is mended. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

let isMended = false;
const mail = defineProcessor({
  type: 'mail',
  input: z.object({ to: z.string() }),
  defaults: { attempts: 2, backoff: { type: 'fixed', delay: 10 }, deadLetter: 'dead-mail' },
  run: ({ input }) => {
    if (!isMended) throw new Error('the server is away');
    console.log('sent to', input.to);
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [mail] });
await leviathan.start();

const handles = await leviathan.addMany([
  { type: 'mail', data: { to: 'ada' }, options: { id: 'mail-ada' } },
  { type: 'mail', data: { to: 'bob' }, options: { id: 'mail-bob' } },
]);
for (const handle of handles) await handle.wait();

// No processor takes these: they wait for somebody to look at them.
const { jobs } = await leviathan.list({ filter: { type: 'dead-mail' } });
for (const { deadLetterOf, data } of jobs) {
  const { original, error } = /** @type {import('@leviathan/core').DeadLetterData} */ (data);
  console.log(deadLetterOf?.id, JSON.stringify(original.data), error?.message);
}

isMended = true;
const target = { filter: { type: 'dead-mail' } };
console.log('would put back', (await leviathan.redrive(target, { dryRun: true })).changed);
await leviathan.redrive(target, { every: 100 });
for (const handle of handles) console.log(handle.id, (await handle.wait()).status);
console.log('letters left:', (await leviathan.list(target)).jobs.length);
await leviathan.stop();
