/** Any number of processes on one folder: they share the queue, and when one is killed another takes its job. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

const isChild = process.argv[2] === 'child';
const work = defineProcessor({
  type: 'work',
  input: z.object({}),
  // The child never gets done; whoever runs the job after its death does.
  run: () => (isChild ? new Promise(() => process.send?.('running')) : `done by process ${process.pid}`),
});
const leviathan = new Leviathan({ store: fsStore(), processors: [work] });

if (isChild) {
  await leviathan.start();
} else {
  const child = fork(new URL(import.meta.url), ['child']);
  const { id } = await leviathan.add('work', {});
  await once(child, 'message');
  console.log('the other process runs it:', (await leviathan.get(id))?.status);

  child.kill('SIGKILL');
  await leviathan.start();
  const job = await leviathan.wait(id);
  const by = job.result === `done by process ${process.pid}` ? 'this process' : 'nobody';
  console.log(`${job.status} by ${by}, attempt ${job.attempt}, crashes ${job.metadata.crashes}`);
  await leviathan.stop();
}
