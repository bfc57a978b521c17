/** Jobs that come again and again: at intervals, by a cron pattern, paused, triggered, and across a change of the clocks. */
import { readFile } from 'node:fs/promises';
import { defineProcessor, Leviathan, scheduleOf } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

let start = 0;
const sync = defineProcessor({
  type: 'sync',
  input: z.object({ folder: z.string() }),
  run: ({ input, job }) => {
    const { name, slot } = scheduleOf(job) ?? {};
    console.log(
      `${input.folder}: ${name}, ${slot ? `planned ${Math.round((slot.getTime() - start) / 200) * 200} ms in` : 'by hand'}`,
    );
  },
});
const leviathan = new Leviathan({ store: fsStore({ root: 'jobs' }), processors: [sync] });
await leviathan.start();

const job = /** @type {const} */ ({ type: 'sync', data: { folder: 'photos' } });
start = Date.now() + 500;
await leviathan.schedules.set('often', { every: 200, start, limit: 4, missed: 'all', job });
while ((await leviathan.schedules.get('often'))?.runs !== 4) await new Promise((resolve) => setTimeout(resolve, 20));
const often = await leviathan.schedules.get('often');
console.log(`${often?.runs} runs, next: ${often?.next ?? 'never'}`);

await leviathan.schedules.set('nightly', { cron: '30 2 * * *', timezone: 'Europe/Berlin', job });
console.log(await readFile('jobs/schedules/nightly.json', 'utf8'));

const march = { cron: '30 2 * * *', timezone: 'Europe/Berlin', start: '2030-03-30' };
for (const run of await leviathan.schedules.preview(march, 3)) console.log(run.toISOString());

await leviathan.schedules.pause('nightly');
console.log('paused, next:', (await leviathan.schedules.get('nightly'))?.next ?? 'never');
await (await leviathan.schedules.trigger('nightly')).wait();
await leviathan.stop();
