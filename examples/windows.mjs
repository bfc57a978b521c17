/** Jobs that may start at certain times only: a window per type, changed while jobs wait for it. */
import { readFile } from 'node:fs/promises';
import { defineProcessor, isOpen, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const upload = defineProcessor({
  type: 'upload',
  input: z.object({ file: z.string() }),
  run: ({ input }) => console.log('uploads', input.file),
});
const note = defineProcessor({ type: 'note', input: z.string(), run: ({ input }) => console.log(input) });
const leviathan = new Leviathan({ store: fsStore({ root: 'jobs' }), processors: [upload, note] });

// In a program this is a time of the day, such as 22:00 to 07:00 on mon-fri; here it is closed whenever the example runs.
/** @param {number} hours */
const hoursFromNow = (hours) => `${String((new Date().getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
const later = { days: 'sun-sat', from: hoursFromNow(2), to: hoursFromNow(3) };
await leviathan.windows.set('later', { types: ['upload'], open: [later] });
console.log(await readFile('jobs/windows/later.json', 'utf8'));
await leviathan.start();

const big = await leviathan.add('upload', { file: 'film.mp4' }, { priority: 1 });
await (await leviathan.add('note', 'Others go on meanwhile.')).wait();
console.log((await leviathan.explain(big.id))?.sentence);

const always = { from: '00:00', to: '24:00', timezone: 'Europe/Berlin' };
console.log('open now:', isOpen([always], Date.now()));
await leviathan.windows.set('later', { types: ['upload'], open: [always] });
await big.wait();
await leviathan.stop();
