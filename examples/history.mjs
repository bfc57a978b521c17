/** What happened to a job: every change of its state, with when, who and why, also after the job is gone. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const convert = defineProcessor({
  type: 'convert',
  input: z.object({ file: z.string() }),
  run: ({ attempt }) => {
    if (attempt === 1) throw new Error('the disk was busy');
    return { pages: 12 };
  },
});
const leviathan = new Leviathan({ store: fsStore(), processors: [convert], worker: { name: 'desk' } });
const { id } = await leviathan.add(
  'convert',
  { file: 'a.pdf' },
  { id: 'convert-a', backoff: { type: 'fixed', delay: 0 } },
);
await leviathan.edit([id], { priority: 2 }, { by: 'ada' });
await leviathan.start();
await leviathan.wait(id);
await leviathan.remove([id], { by: 'grace' });
console.log('the job:', await leviathan.get(id));

const { entries, complete } = await leviathan.trail(id);
for (const { op, from, to, attempt, by, worker, error, changes } of entries) {
  const who = by ?? (worker && 'a worker');
  const what = error?.message ?? (changes && JSON.stringify(changes));
  console.log(
    [`${op}: ${from ?? 'nothing'} -> ${to ?? 'gone'}`, attempt && `attempt ${attempt}`, who, what]
      .filter(Boolean)
      .join(', '),
  );
}
console.log('from its beginning:', complete);
await leviathan.stop();
