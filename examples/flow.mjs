/** A graph of jobs: three parts, one of which fails, a report that is written all the same, and a step that is left out then. */
import { defineProcessor, Leviathan, MemoryStore, UnrecoverableError } from '@leviathan/core';
import { z } from 'zod';

const part = defineProcessor({
  type: 'part',
  input: z.object({ file: z.string() }),
  run: ({ input }) => {
    if (input.file === 'broken.csv') throw new UnrecoverableError(`cannot read ${input.file}`);
    return { rows: input.file.length };
  },
});
const report = defineProcessor({
  type: 'report',
  input: z.object({}),
  run: async ({ parents }) => {
    for (const parent of await parents()) {
      console.log(parent?.id, parent?.status, JSON.stringify(parent?.result ?? parent?.metadata.errors[0]?.message));
    }
  },
});
const publish = defineProcessor({ type: 'publish', input: z.object({}), run: () => console.log('published') });
const mail = defineProcessor({ type: 'mail', input: z.object({}), run: () => console.log('mailed') });
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [part, report, publish, mail] });

const files = ['a.csv', 'broken.csv', 'c.csv'];
const parts = files.map((file) => ({ type: /** @type {const} */ ('part'), data: { file }, options: { id: file } }));
// All of them, or none.
await leviathan.addMany([
  ...parts,
  { type: 'report', data: {}, options: { id: 'report', dependsOn: files, onParentFailed: 'continue' } },
  { type: 'publish', data: {}, options: { id: 'publish', dependsOn: files, onParentFailed: 'skip' } },
  { type: 'mail', data: {}, options: { id: 'mail', dependsOn: ['report', 'publish'] } },
]);
await leviathan.start();
await leviathan.wait('mail');
const publication = await leviathan.get('publish');
console.log('publish', publication?.status, publication?.skipped ? 'without having run' : '');
await leviathan.stop();
