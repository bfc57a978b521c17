/** One call changes many jobs. A dry run tells the same numbers first, and changes nothing. */
import { Leviathan, MemoryStore } from '@leviathan/core';

// Without processors: this program manages jobs that others run.
const leviathan = new Leviathan({ store: new MemoryStore() });
await leviathan.addMany(
  Array.from({ length: 30 }, (_, n) => ({
    type: n < 20 ? 'thumbnail' : 'upload',
    data: { n },
    options: { id: `job-${n}`, tags: n % 2 === 0 ? ['holiday'] : ['work'] },
  })),
);

const target = { filter: { type: 'thumbnail', tags: ['holiday'] } };
const plan = await leviathan.cancel(target, { dryRun: true });
console.log(`would cancel ${plan.changed} of ${plan.matched}`);
console.log('pending still:', (await leviathan.counts()).pending);

const done = await leviathan.cancel(target, { by: 'bulk-change.mjs' });
console.log(`cancelled ${done.changed}, for example ${done.ids[0]}`);

// What is asked of jobs that cannot do it is told, not thrown, when there is more than one.
const { changed, skipped } = await leviathan.retry(['job-0', 'job-1', 'job-99']);
console.log(`retried ${changed}`);
for (const { reason, message, ids } of skipped) console.log(`  not ${ids.join(', ')} (${reason}): ${message}`);
await leviathan.stop();
