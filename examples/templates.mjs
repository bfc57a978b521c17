/** Jobs and flows with parameters: a template is a readable file, and whoever copies the file has the template. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { defaultRoot, fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ file: z.string(), width: z.number().int().positive() }),
  run: ({ input }) => `${input.file}, ${input.width} wide`,
});
const root = defaultRoot();
const leviathan = new Leviathan({ store: fsStore({ root }), processors: [resize] });
await leviathan.start();

await leviathan.templates.set('thumbnail', {
  description: 'A small copy of a picture',
  parameters: {
    file: { type: 'string', pattern: '[.](png|jpg)$' },
    width: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
  presets: { tiny: { width: 16 } },
  job: { type: 'resize', data: { file: '{{file}}', width: '{{width}}' }, options: { key: 'thumbnail:{{file}}' } },
});

const plain = await leviathan.templates.run('thumbnail', { params: { file: 'a.png' } });
console.log(await plain.result());
const tiny = await leviathan.templates.run('thumbnail', { preset: 'tiny', params: { file: 'b.png' } }, { priority: 1 });
console.log(await tiny.result());
console.log((await leviathan.get(tiny.id))?.tags);

// Several jobs that depend on each other, by one set of parameters.
await leviathan.templates.set('album', {
  parameters: { name: { type: 'string' } },
  flow: {
    cover: { type: 'resize', data: { file: '{{name}}/cover.png', width: 500 } },
    icon: { type: 'resize', data: { file: '{{name}}/cover.png', width: 16 }, dependsOn: ['cover'] },
  },
});
const album = await leviathan.templates.runFlow('album', { params: { name: 'summer' } });
console.log(await album.icon?.result());
console.log('after the cover:', (await album.icon?.job())?.dependsOn?.[0] === album.cover?.id);

// What does not fit is refused, with its path, before there is a job.
await leviathan.templates.run('thumbnail', { params: { file: 'c.gif', width: 0 } }).catch((error) => {
  for (const { path, message } of error.issues) console.log(path.join('.'), message);
});

// Shared by copying a file, from another machine, say.
const templates = join(root, 'templates');
const defined = new Promise((resolve) => leviathan.once('defined', (event) => resolve(event.definition?.name)));
await copyFile(join(templates, 'thumbnail.json'), join(templates, 'icon.json'));
console.log('copied:', await defined);
console.log((await leviathan.templates.list()).map(({ name }) => name));
console.log(JSON.parse(await readFile(join(templates, 'icon.json'), 'utf8')).presets);
await leviathan.stop();
