/** Handlers in workers of their own: one outgrows its memory, one cannot be stopped but by a kill, and nobody else notices. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { WorkerPoolService } from '@leviathan/worker-pool';
import { z } from 'zod';

const module = new URL('./jobs/isolated.mjs', import.meta.url);
const processors = [
  defineProcessor({
    type: 'primes',
    input: z.object({ upTo: z.number() }),
    output: z.object({ count: z.number(), isHere: z.number().transform((pid) => pid === process.pid) }),
    module,
    handler: 'primes',
    isolation: { kind: 'process', nice: 10 },
  }),
  defineProcessor({
    type: 'greedy',
    input: z.null(),
    module,
    handler: 'greedy',
    isolation: { kind: 'thread', memory: 32 },
  }),
  defineProcessor({
    type: 'deaf',
    input: z.null(),
    module,
    handler: 'deaf',
    isolation: { kind: 'process', killAfter: 100 },
  }),
  defineProcessor({ type: 'patient', input: z.null(), module, handler: 'patient', isolation: { kind: 'thread' } }),
];
const services = [new WorkerPoolService({ maxWorkers: 4 })];
const leviathan = new Leviathan({ store: fsStore(), processors, services });
await leviathan.start();

const patient = await leviathan.add('patient', null);

const primes = await (await leviathan.add('primes', { upTo: 5_000 })).wait();
console.log(`primes: ${JSON.stringify(primes.result)}, ${primes.metadata.progress} %`);
for (const line of primes.metadata.logs.map(({ message }) => message).sort()) console.log(`  ${line}`);

const greedy = await (await leviathan.add('greedy', null, { attempts: 1 })).wait();
console.log(`greedy: ${greedy.status} (${greedy.reason}): ${greedy.metadata.errors[0]?.code}`);

const deaf = await leviathan.add('deaf', null);
await new Promise((resolve) => leviathan.on('log', ({ type }) => type === 'deaf' && resolve(undefined)));
await leviathan.cancel([deaf.id]);
const killed = await deaf.wait();
console.log(`deaf: ${killed.status} (${killed.reason}): ${killed.metadata.errors[0]?.code}`);

console.log(`patient: ${await patient.result()}`);
console.log(`worker pool: ${(await leviathan.health()).services['worker-pool']?.details?.crashes} crashed`);
await leviathan.stop();
