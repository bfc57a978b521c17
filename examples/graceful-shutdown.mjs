/** A stop lets short jobs end and gives long ones back: nothing is lost, and no attempt is spent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineProcessor, Leviathan, ShutdownError } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const work = defineProcessor({
  type: 'work',
  input: z.object({ ms: z.number() }),
  run: async ({ input, signal }) => {
    try {
      await sleep(input.ms, undefined, { signal });
    } catch (error) {
      console.log(`${input.ms} ms: told to stop by ${signal.reason instanceof ShutdownError ? 'the shutdown' : error}`);
      throw error;
    }
    console.log(`${input.ms} ms: ended by itself`);
  },
});
const leviathan = new Leviathan({ store: fsStore(), processors: [work] });
await leviathan.start();
process.once('SIGTERM', () => leviathan.stop({ timeout: 500 }).then(report));

const started = Promise.all(
  ['short', 'long'].map(
    (id) => new Promise((resolve) => leviathan.on('started', (event) => event.id === id && resolve(id))),
  ),
);
await leviathan.addMany([
  { type: 'work', data: { ms: 200 }, options: { id: 'short' } },
  { type: 'work', data: { ms: 60_000 }, options: { id: 'long' } },
]);
await started;
process.kill(process.pid, 'SIGTERM');

async function report() {
  const next = new Leviathan({ store: fsStore() });
  for (const id of ['short', 'long']) {
    const job = await next.get(id);
    console.log(`${id}: ${job?.status}, attempts spent: ${job?.attempt}`);
  }
  await next.stop();
}
