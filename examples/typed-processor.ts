/**
 * Types from end to end: data, result and progress come from the processor's schemas, and a wrong job is refused before it is written.
 */
import { defineProcessor, Leviathan, MemoryStore, ValidationError } from '@leviathan/core';
import { z } from 'zod';

const resize = defineProcessor({
  type: 'resize',
  description: 'Makes a smaller copy of an image.',
  input: z.object({ file: z.string().min(1), width: z.number().int().positive().default(800) }),
  output: z.object({ file: z.string(), pixels: z.number().int() }),
  defaults: { attempts: 5, timeout: 60_000 },
  concurrency: 2,
  run: ({ input, progress }) => {
    progress(50, { step: 'scaling' });
    return { file: `${input.file}.small`, pixels: input.width * 2 };
  },
});

await using leviathan = new Leviathan({ store: new MemoryStore(), processors: [resize] });
await leviathan.start();

const job = await leviathan.add('resize', { file: 'whale.png' });
const { file, pixels } = await job.result();
console.log(`${file} has ${pixels.toFixed(0)} pixels`);

try {
  await leviathan.add('resize', { file: 'whale.png', width: -1 });
} catch (error) {
  if (!(error instanceof ValidationError)) throw error;
  for (const issue of error.issues) console.log(`${error.code} at ${issue.path.join('.')}`);
}
