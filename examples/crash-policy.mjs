/** A job whose process dies is held until a person has looked, where running it twice would do harm; another one fails at once. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const isChild = process.argv[2] === 'child';
const pay = defineProcessor({
  type: 'pay',
  input: z.object({ euros: z.number() }),
  defaults: { onCrash: 'hold' },
  run: ({ input }) => {
    if (isChild) process.kill(process.pid, 'SIGKILL');
    console.log(`paid ${input.euros} euros`);
  },
});
const leviathan = new Leviathan({ store: fsStore({ root: 'jobs' }), processors: [pay] });

if (isChild) {
  await leviathan.add('pay', { euros: 5 }, { id: 'held' });
  await leviathan.start();
} else {
  await once(fork(process.argv[1] ?? '', ['child']), 'exit');
  const held = new Promise((resolve) => leviathan.once('crashed', resolve));
  await leviathan.start();
  if (!(await leviathan.get('held'))?.held) await held;
  const { waiting } = await leviathan.counts();
  console.log('held:', waiting.held);
  console.log((await leviathan.explain('held'))?.sentence.replace(/at \S+/, 'at <time>'));

  // The bank says that nothing was paid.
  await leviathan.approve('held', { by: 'ada' });
  console.log((await leviathan.wait('held')).status);
  await leviathan.stop();
}
