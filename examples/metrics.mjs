/** What happened over time, for charts, and the same counters as text for Prometheus. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineProcessor, Leviathan, MemoryStore, prometheusText } from '@leviathan/core';
import { z } from 'zod';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ width: z.number() }),
  run: async ({ input }) => {
    await sleep(20);
    if (input.width > 1000) throw new Error('too wide');
  },
});
const store = new MemoryStore();
const leviathan = new Leviathan({ store, processors: [resize] });
await leviathan.start();
const jobs = await leviathan.addMany(
  [100, 200, 5000].map((width) => ({ type: 'resize', data: { width }, options: { attempts: 1 } })),
);
for (const job of jobs) await job.wait();

const hour = await leviathan.history({ type: 'resize' });
const { added, completed, failed, run } = hour.total;
const { p50 = 0 } = run;
console.log(`${added} added, ${completed} completed, ${failed} failed in the last hour`);
console.log(`half of them ran for ${p50 > 10 && p50 < 1000 ? 'some' : 'how many?'} milliseconds or less`);
console.log(
  `a chart of ${hour.points.length >= 60 ? 'at least 60' : hour.points.length} points, one per ${hour.step} ms`,
);

const text = await prometheusText(store);
const lines = text.split('\n').filter((line) => line.includes('resize') && /_total|_count|Inf/.test(line));
console.log(lines.join('\n'));
await leviathan.stop();
