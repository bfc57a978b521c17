/** How everything is doing: one report, each thing that was looked at with its status. `leviathan health` prints it, too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const deaf = defineProcessor({
  type: 'deaf',
  input: z.object({}),
  // A handler that does not listen to its signal.
  run: () => new Promise((resolve) => setTimeout(resolve, 1_000)),
});
const folder = await mkdtemp(join(tmpdir(), 'leviathan-'));
const store = fsStore({ root: join(folder, 'jobs'), lowDiskBytes: 1_000_000 });
const leviathan = new Leviathan({ store, processors: [deaf], worker: { stuckAfter: 10 } });
console.log('before the start:', (await leviathan.health()).status);
await leviathan.start();

const well = await leviathan.health();
console.log('started:', well.status);
for (const { name, status } of well.services['job-queue']?.checks ?? []) console.log(' ', name, status);

await (await leviathan.add('deaf', {}, { timeout: 10, attempts: 1 })).wait();
const unwell = await leviathan.health();
console.log('with a handler that does not stop:', unwell.status);
for (const problem of unwell.problems) console.log(' ', problem);

await leviathan.stop();
await rm(folder, { recursive: true });
