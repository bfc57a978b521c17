/** The queue as it was at an earlier time: counts, lists and jobs, replayed from the journal. */
import { setTimeout } from 'node:timers/promises';
import { Leviathan, NoHistoryError } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';

const leviathan = new Leviathan({ store: fsStore() });
await leviathan.addMany(
  ['a', 'b', 'c'].map((name) => ({ type: 'backup', data: { name }, options: { id: `backup-${name}` } })),
);
const then = new Date();
// So that what follows is later by the clock, too.
await setTimeout(5);
await leviathan.cancel(['backup-a']);
await leviathan.remove(['backup-b']);
await leviathan.edit(['backup-c'], { data: { name: 'all' } });

const now = await leviathan.counts();
console.log(`now: ${now.pending} pending, ${now.failed} failed`);
const before = leviathan.at(then);
const counts = await before.counts();
console.log(`then: ${counts.pending} pending, ${counts.failed} failed`);
const { jobs } = await before.list({ filter: { status: 'pending' } });
console.log(jobs.map(({ id }) => id).join(' '));
console.log(JSON.stringify((await before.get('backup-c'))?.data));

try {
  await leviathan.at(new Date('2001-01-01')).counts();
} catch (error) {
  if (error instanceof NoHistoryError) console.log('earlier than all that is kept:', error.earliest !== undefined);
}
await leviathan.stop();
