/** What a slot does while the job of the one before still runs: nothing (skip), wait for it (queue), or take its place (replace). */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { z } from 'zod';

const MINUTE = 60_000;

for (const overlap of /** @type {const} */ (['allow', 'skip', 'queue', 'replace'])) {
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const counts = { running: 0, most: 0, started: 0, cancelled: 0 };
  // Takes two and a half minutes, and is wanted every minute.
  const sync = defineProcessor({
    type: 'sync',
    input: z.object({}),
    run: async ({ signal }) => {
      counts.started++;
      counts.most = Math.max(counts.most, ++counts.running);
      try {
        await new Promise((resolve, reject) => {
          clock.after(2.5 * MINUTE, () => resolve(undefined));
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      } finally {
        counts.running--;
        if (signal.aborted) counts.cancelled++;
      }
    },
  });
  const leviathan = new Leviathan({ store: new MemoryStore({ clock }), processors: [sync], clock });
  await leviathan.start();
  await leviathan.schedules.set('sync', { every: MINUTE, limit: 4, overlap, job: { type: 'sync', data: {} } });
  for (let step = 0; step < 40; step++) await clock.advance(MINUTE / 2);
  console.log(`${overlap}: ${counts.started} started, ${counts.most} at once, ${counts.cancelled} cancelled`);
  await leviathan.stop();
}
