/** A change of many jobs is taken back: those that have not moved on since stand again as before, also after a restart. */
import { Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';

const jobs = Array.from({ length: 100 }, (_, n) => ({ type: 'mail', data: { n }, options: { id: `mail-${n}` } }));
let leviathan = new Leviathan({ store: fsStore() });
await leviathan.addMany(jobs);
const removed = await leviathan.remove({ filter: { type: 'mail' } }, { by: 'ada' });
console.log(`removed ${removed.changed}, left ${(await leviathan.counts()).pending}`);
await leviathan.stop();

leviathan = new Leviathan({ store: fsStore() });
// Without a number it is the newest change.
const undone = await leviathan.undo();
console.log(`put back ${undone.changed} of change ${undone.undone}: ${undone.undone === removed.operation}`);
console.log('the data of one:', JSON.stringify((await leviathan.get('mail-42'))?.data));

const urgent = await leviathan.reprioritise({ filter: { type: 'mail' } }, 1);
await leviathan.edit(['mail-7'], { data: { n: 700 } });
const plan = await leviathan.undo(urgent.operation, { dryRun: true });
console.log(`would put back ${plan.changed} of ${plan.matched}`);
for (const { message, ids } of plan.skipped) console.log(`  not ${ids.join(', ')}: ${message}`);
await leviathan.undo(urgent.operation);
console.log((await leviathan.get('mail-8'))?.priority, (await leviathan.get('mail-7'))?.priority);
await leviathan.stop();
