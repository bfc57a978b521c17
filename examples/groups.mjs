/** Groups take turns: the thousand jobs of one tenant do not keep the two of another waiting. And a group may run in strict order. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

/** @type {string[]} */
const ran = [];
const sync = defineProcessor({
  type: 'sync',
  input: z.object({ step: z.string(), fails: z.boolean().default(false) }),
  run: ({ input, attempt }) => {
    if (input.fails && attempt === 1) throw new Error('not yet');
    ran.push(input.step);
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [sync], worker: { concurrency: 1 } });
const job = (/** @type {string} */ step, /** @type {string} */ group) => ({
  type: /** @type {const} */ ('sync'),
  data: { step },
  options: { group },
});

const busy = Array.from({ length: 1_000 }, (_, i) => job(`big ${i}`, 'big'));
const handles = await leviathan.addMany([...busy, job('small 0', 'small'), job('small 1', 'small')]);
await leviathan.start();
await Promise.all(handles.map((handle) => handle.result()));
console.log('first to run:', ran.slice(0, 5).join(', '));

ran.length = 0;
await leviathan.limits.set('in-order', { by: 'group', ordered: true });
const ordered = await leviathan.addMany([
  {
    type: 'sync',
    data: { step: 'create', fails: true },
    options: { group: 'account', backoff: { type: 'fixed', delay: 50 } },
  },
  job('rename', 'account'),
  job('delete', 'account'),
]);
await Promise.all(ordered.map((handle) => handle.result()));
console.log('in order, the retry included:', ran.join(', '));
await leviathan.stop();
