/** The smallest program: one processor, one job, its result. The job is a file in `$LEVIATHAN_HOME/jobs` (by default `~/.leviathan/jobs`). */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const hello = defineProcessor({
  type: 'hello',
  input: z.object({ name: z.string() }),
  run: ({ input }) => `Hello, ${input.name}!`,
});

const leviathan = new Leviathan({ store: fsStore(), processors: [hello] });
await leviathan.start();
const job = await leviathan.add('hello', { name: 'Ada' });
console.log(await job.result());
await leviathan.stop();
