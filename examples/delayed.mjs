/** A job that may not run before its time: it waits in `pending/`, and says what for. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const remind = defineProcessor({
  type: 'remind',
  input: z.object({ text: z.string() }),
  run: ({ input }) => console.log(input.text),
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [remind] });
await leviathan.start();

const soon = await leviathan.add('remind', { text: 'The tea is ready.' }, { delay: 300 });
const later = await leviathan.add('remind', { text: 'Happy new year!' }, { runAt: new Date('2099-01-01T00:00:00Z') });
console.log((await leviathan.explain(later.id))?.sentence);

const { waiting } = await leviathan.counts();
console.log(`${waiting.scheduled} scheduled, ${waiting.ready} ready`);
await soon.wait();

await later.retry(); // a scheduled job: now, after all
await later.wait();
await leviathan.stop();
