/** Middleware stands around the four steps of a job: added, claimed, run, settled. The first plugin is the outermost layer. */
import { definePlugin, defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { z } from 'zod';

const weigh = defineProcessor({
  type: 'weigh',
  input: z.object({ name: z.string() }),
  run: ({ input }) => `${input.name} is heavy`,
});

const tracing = definePlugin({
  name: 'tracing',
  middleware: {
    enqueue(specs, next) {
      console.log('enqueue', specs.length);
      return next(specs.map((spec) => ({ ...spec, tags: ['traced'] })));
    },
    async claim(_, next) {
      const jobs = await next();
      if (jobs.length > 0) console.log('claim', jobs.length);
      return jobs;
    },
    async run({ job }, next) {
      console.log('run', job.type, job.tags);
      return await next();
    },
    async settle({ outcome }, next) {
      const result = await next();
      console.log('settle', outcome, result.status);
      return result;
    },
  },
});

const rules = definePlugin({
  name: 'rules',
  middleware: {
    enqueue(specs, next) {
      // Thrown before next(): the call is rejected and nothing is added.
      if (specs.some(({ id }) => id === 'whale')) throw new Error('too heavy');
      return next();
    },
    async run(_, next) {
      return `${await next()}, they say`;
    },
    settle({ id }, next) {
      // An outcome is never lost: the store gets it as it was, and the fault is reported.
      if (id === 'shark') throw new Error('no ink');
      return next();
    },
  },
});

const leviathan = new Leviathan({ store: new MemoryStore(), processors: [weigh], plugins: [tracing, rules] });
leviathan.worker?.on('error', (error) => console.log('reported:', error instanceof Error && error.message));
await leviathan.start();
for (const name of ['krill', 'shark', 'whale']) {
  try {
    const job = await leviathan.add('weigh', { name }, { id: name });
    console.log('result:', await job.result());
  } catch (error) {
    console.log('refused:', error instanceof Error && error.message);
  }
}
console.log('jobs:', (await leviathan.list()).jobs.length);
await leviathan.stop();
