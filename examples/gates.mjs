/** Gates: jobs that are to run on mains power only wait until the machine is plugged in. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

// The file store asks the machine by itself; a desktop program may know more, and tell it the same way.
const machine = { onBattery: true, load: 0.2 };
const store = new MemoryStore({ machine: { read: () => machine } });
const backup = defineProcessor({ type: 'backup', input: z.object({ disk: z.string() }), run: () => 'done' });
const leviathan = new Leviathan({ store, processors: [backup] });

await leviathan.gates.set('plugged-in', { types: ['backup'], power: 'mains', loadBelow: 0.8 });
const handle = await leviathan.add('backup', { disk: 'home' });
await leviathan.start();
console.log((await leviathan.explain(handle.id))?.sentence);
machine.onBattery = false;
console.log(await handle.result());

await leviathan.gates.set('at-night', { idle: 600 });
console.log((await leviathan.health()).problems.join('\n'));
await leviathan.stop();
