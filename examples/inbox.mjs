/** Jobs from any language: a JSON file in `inbox/`. Here a shell drops two, one of them wrong. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const greet = defineProcessor({
  type: 'greet',
  input: z.object({ name: z.string() }),
  run: ({ input }) => `Hello, ${input.name}!`,
});
const store = fsStore();
const leviathan = new Leviathan({ store, processors: [greet] });
await leviathan.start();

const completed = new Promise((resolve) => leviathan.once('completed', resolve));
const script = `
  echo '{"type": "greet", "data": {"name": 5}}' > wrong.json
  echo '{"type": "greet", "data": {"name": "shell"}, "id": "from-a-shell"}' > .right.json && mv .right.json right.json
`;
execFileSync('sh', ['-c', script], { cwd: join(store.root, 'inbox') });
await completed;
console.log((await leviathan.get('from-a-shell'))?.result);

const quarantine = join(store.root, 'quarantine');
const reason = (await readdir(quarantine)).find((name) => name.endsWith('wrong.json.reason.json')) ?? '';
const { code, details } = JSON.parse(await readFile(join(quarantine, reason), 'utf8'));
console.log(`wrong.json: ${code} at ${details[0].path.join('.')}`);
console.log('left in the inbox:', await readdir(join(store.root, 'inbox')));
await leviathan.stop();
