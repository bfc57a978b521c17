/**
 * Jobs in a folder of plain files: what a program added is there for `ls` and `cat`, and for the next program.
 *
 * The folder is `~/.leviathan/jobs`, or `jobs` in `$LEVIATHAN_HOME`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { defaultRoot, fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const root = defaultRoot();

// One program adds a job and runs nothing.
const producer = new Leviathan({ store: fsStore({ root }) });
const { id } = await producer.add('greet', { name: 'Ada' }, { id: 'greet-ada' });
await producer.stop();
console.log('pending:', await readdir(join(root, 'pending')));

// Another one, perhaps tomorrow, knows how to run it.
const greet = defineProcessor({
  type: 'greet',
  input: z.object({ name: z.string() }),
  run: ({ input }) => ({ greeting: `Hello, ${input.name}!` }),
});
const worker = new Leviathan({ store: fsStore({ root }), processors: [greet] });
await worker.start();
await worker.wait(id);
await worker.stop();
console.log('pending:', await readdir(join(root, 'pending')));

const { status, attempt, result } = JSON.parse(await readFile(join(root, 'completed', `${id}.json`), 'utf8'));
console.log(JSON.stringify({ status, attempt, result }));
