/** A pause starts no more jobs, of one type or of all, lets running ones end, and outlives the program. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const mail = defineProcessor({
  type: 'mail',
  input: z.object({ to: z.string() }),
  run: ({ input }) => `sent to ${input.to}`,
});
const index = defineProcessor({ type: 'index', input: z.object({}), run: () => 'indexed' });

const evening = new Leviathan({ store: fsStore({ root: 'jobs' }), processors: [mail, index] });
await evening.start();
await evening.pause({ type: 'mail' });
const letter = await evening.add('mail', { to: 'ada' });
console.log('other types run on:', await (await evening.add('index', {})).result());
console.log((await evening.explain(letter.id))?.sentence);
await evening.stop();

const morning = new Leviathan({ store: fsStore({ root: 'jobs' }), processors: [mail, index] });
await morning.start();
console.log('still paused:', (await morning.counts()).paused.types.join(', '));
await morning.resume({ type: 'mail' });
console.log((await morning.wait(letter.id)).result);
await morning.stop();
