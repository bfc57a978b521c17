/** A configuration names plugins: packages and files. One that does not load is skipped and told of; the others work. */
import { writeFile } from 'node:fs/promises';
import { loadConfig, loadPlugins } from '@leviathan/config';
import { Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';

// Written by hand, in a project. It could as well be leviathan.config.json, or .js.
await writeFile(
  'leviathan.config.ts',
  `const concurrency: number = 2;
   export default {
     root: './jobs',
     worker: { concurrency },
     plugins: [['./shout.ts', { mark: '!' }], './broken.mjs', 'not-installed'],
   };`,
);
await writeFile(
  'shout.ts',
  `const any = { '~standard': { version: 1, vendor: 'example', validate: (value: unknown) => ({ value }) } };
   export default ({ mark }: { mark: string }) => ({
     name: 'shout',
     processors: [{ type: 'shout', input: any, run: ({ input }: { input: string }) => input.toUpperCase() + mark }],
   });`,
);
await writeFile('broken.mjs', 'throw new Error("no key");');

const found = await loadConfig();
const { root, store, worker, plugins: entries = [] } = found?.config ?? {};
const { plugins, failed } = await loadPlugins(entries, { from: found?.file ?? process.cwd() });
for (const { source, plugin } of plugins) console.log('loaded:', plugin.name, 'from', source);
for (const { source, reason } of failed) console.log('skipped:', source, '-', reason);

const leviathan = new Leviathan({
  store: fsStore({ ...store, root }),
  worker,
  plugins: plugins.map(({ plugin }) => plugin),
});
await leviathan.start();
const job = await leviathan.add('shout', 'there she blows');
console.log(await job.result());
await leviathan.stop();
