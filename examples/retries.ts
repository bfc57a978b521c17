/**
 * A job that fails twice before it succeeds: each attempt knows its number, and what the one before it got done.
 *
 * Jobs are kept in memory here; with `fsStore()` of `@leviathan/fs-store` they would survive the end of the program.
 */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const copyPages = defineProcessor({
  type: 'copy-pages',
  input: z.object({ pages: z.number().int().positive() }),
  defaults: { attempts: 5, backoff: { type: 'fixed', delay: 50 } },
  async run({ attempt, input, lastCheckpoint, checkpoint }) {
    const done = typeof lastCheckpoint === 'number' ? lastCheckpoint : 0;
    console.log(`attempt ${attempt} starts after page ${done}`);
    // Every attempt but the last gets two pages further.
    const end = Math.min(done + 2, input.pages);
    await checkpoint(end);
    if (end < input.pages) throw new Error(`the copier jammed at page ${end}`);
    return { pages: end, attempts: attempt };
  },
});

const leviathan = new Leviathan({ store: new MemoryStore(), processors: [copyPages] });
await leviathan.start();

const handle = await leviathan.add('copy-pages', { pages: 6 });
const result = await handle.result();
console.log(`copied ${result.pages} pages in ${result.attempts} attempts`);

await leviathan.stop();
