/** What becomes of an `add` whose key is held: it replaces, is merged, waits for quiet, is throttled, or runs once more afterwards. */
import { EventEmitter, once } from 'node:events';
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const builds = new EventEmitter();
const build = defineProcessor({
  type: 'build',
  input: z.object({ commit: z.string() }),
  run: async ({ input }) => {
    builds.emit('started');
    await once(builds, 'finish');
    console.log('built', input.commit);
  },
});
const index = defineProcessor({
  type: 'index',
  input: z.array(z.string()),
  // Unless the producer says otherwise.
  defaults: { unique: 'merge' },
  run: ({ input }) => console.log('indexed', input.join(' ')),
});
const save = defineProcessor({
  type: 'save',
  input: z.object({ text: z.string() }),
  run: ({ input }) => console.log('saved', input.text),
});
const mail = defineProcessor({ type: 'mail', input: z.object({}), run: () => console.log('mailed') });
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [build, index, save, mail] });

await leviathan.add('index', ['a.txt'], { key: 'index' });
const merged = await leviathan.add('index', ['b.txt'], { key: 'index' });
console.log('second file:', merged.outcome);

/** @param {string} text */
const type = (text) => leviathan.add('save', { text }, { key: 'save', unique: { debounce: 50, maxWait: 1_000 } });
await type('H');
await type('He');
const saving = await type('Hello');

const first = await leviathan.add('build', { commit: 'one' }, { key: 'build', unique: 'rerun' });
const running = once(builds, 'started');
await leviathan.start();
await running;
const next = await leviathan.add('build', { commit: 'two' }, { key: 'build', unique: 'rerun' });
const same = await leviathan.add('build', { commit: 'three' }, { key: 'build', unique: 'rerun' });
console.log('while it runs:', next.outcome, same.outcome, same.id === next.id);
console.log((await leviathan.explain(next.id))?.sentence.replace(first.id, 'the first'));
const runningAgain = once(builds, 'started');
builds.emit('finish');
await runningAgain;
builds.emit('finish');
await next.result();
await saving.result();

const reminder = await leviathan.add('mail', {}, { key: 'reminder', unique: { throttle: 60_000 } });
await reminder.result();
const again = await leviathan.add('mail', {}, { key: 'reminder', unique: { throttle: 60_000 } });
console.log('second mail:', again.outcome);
await leviathan.stop();
