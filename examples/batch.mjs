/** A batch with something to do afterwards: when all went well, when one failed, and in any case. Added with it, all or none. */
import { defineProcessor, Leviathan, MemoryStore, UnrecoverableError } from '@leviathan/core';
import { z } from 'zod';

const copy = defineProcessor({
  type: 'copy',
  input: z.object({ file: z.string() }),
  run: ({ input }) => {
    if (input.file === 'locked.doc') throw new UnrecoverableError('it is locked');
  },
});
const say = defineProcessor({
  type: 'say',
  input: z.object({ text: z.string() }),
  run: async ({ input, parents }) => {
    const failed = (await parents()).filter((parent) => parent?.status === 'failed').length;
    console.log(`${input.text} (${failed} failed)`);
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [copy, say] });
await leviathan.start();

for (const files of [
  ['a.doc', 'b.doc'],
  ['a.doc', 'locked.doc'],
]) {
  const batch = await leviathan.addBatch(
    files.map((file) => ({ type: /** @type {const} */ ('copy'), data: { file } })),
    {
      onSuccess: { type: 'say', data: { text: 'the backup is complete' } },
      onFailure: { type: 'say', data: { text: 'the backup is not complete' } },
      onCompletion: { type: 'say', data: { text: 'the disk may be taken out' } },
    },
  );
  const success = await batch.onSuccess.wait();
  const failure = await batch.onFailure.wait();
  await batch.onCompletion.wait();
  console.log(`left out: ${success.skipped ? 'onSuccess' : ''}${failure.skipped ? 'onFailure' : ''}`);
}
await leviathan.stop();
