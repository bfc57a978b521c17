/** A job that is tried for a time, as often as fits, instead of a number of times. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const fetchStatus = defineProcessor({
  type: 'fetch-status',
  input: z.object({}),
  defaults: { retryFor: 500, backoff: { type: 'fixed', delay: 100 } },
  run: () => {
    throw new Error('not there');
  },
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [fetchStatus] });
await leviathan.start();

const handle = await leviathan.add('fetch-status', {});
const { status, attempt } = await handle.wait();
console.log(status, attempt >= 3 && attempt <= 6 ? 'after several attempts' : `after ${attempt}`);

const twice = await leviathan.add('fetch-status', {}, { attempts: 2 });
console.log('with a number as well:', (await twice.wait()).attempt);
await leviathan.stop();
