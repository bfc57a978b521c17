/** A job that is of no use any more: it fails with reason `expired` when it still waits at its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const code = defineProcessor({
  type: 'login-code',
  input: z.object({ to: z.string() }),
  // Unless the producer says otherwise: `ttl`, or `expiresAt` with a date.
  defaults: { ttl: 100 },
  run: ({ input }) => console.log('sent to', input.to),
});
const leviathan = new Leviathan({ store: new MemoryStore(), processors: [code] });

const late = await leviathan.add('login-code', { to: 'ada' });
const patient = await leviathan.add('login-code', { to: 'bob' }, { ttl: 60_000 });
await sleep(200); // Nobody works yet.
await leviathan.start();
await patient.result();
const job = await late.wait();
console.log(job.status, job.reason, job.metadata.errors[0]?.message.replace(job.expiresAt ?? '', '<time>'));

// A person who retries it wants it all the same.
await late.retry();
console.log((await late.wait()).status);
await leviathan.stop();
