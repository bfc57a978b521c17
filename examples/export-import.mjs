/** From one store into another: jobs and templates as lines of text, with a preview of what would change. */
import { Leviathan, MemoryStore } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';

const laptop = new Leviathan({ store: new MemoryStore() });
await laptop.templates.set('report', {
  parameters: { day: { type: 'string' } },
  job: { type: 'report', data: '{{day}}' },
});
await laptop.addMany([
  { type: 'fetch', data: { from: 'a' }, options: { id: 'fetch' } },
  { type: 'report', data: 'monday', options: { id: 'monday', dependsOn: ['fetch'] } },
]);
const lines = [];
for await (const line of laptop.export()) lines.push(line);
await laptop.stop();
console.log(lines.length, 'lines:', lines[2]);

const desktop = new Leviathan({ store: fsStore() });
await desktop.add('fetch', { from: 'b' }, { id: 'fetch' });

const preview = await desktop.import(lines, { dryRun: true, onConflict: 'replace' });
for (const [kind, counts] of Object.entries(preview.kinds))
  console.log(kind, `new ${counts.new}, different ${counts.different}`);
for (const { name, action, changes } of preview.items)
  console.log(name, `would be ${action}:`, JSON.stringify(changes));

await desktop.import(lines, { onConflict: 'replace' });
const again = await desktop.import(lines, { onConflict: 'replace' });
console.log('again:', `same ${again.kinds.job?.same}, added ${again.kinds.job?.added}`);
console.log((await desktop.get('fetch'))?.data, (await desktop.get('monday'))?.dependsOn);
await desktop.stop();
