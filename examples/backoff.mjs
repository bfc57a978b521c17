/** What a handler throws decides what comes next: a retry after the backoff, one at a given time, or none at all. */
import { defineProcessor, Leviathan, MemoryStore, RetryAtError, UnrecoverableError } from '@leviathan/core';
import { z } from 'zod';

const answers = ['connection reset', 'rate limited', 'forbidden'];

const ask = defineProcessor({
  type: 'ask',
  input: z.object({ url: z.string() }),
  // 20 ms, 40 ms, 80 ms … and a fifth of each at random; left out, it starts at a second and ends at an hour.
  defaults: { attempts: 8, backoff: { type: 'exponential', delay: 20, factor: 2, max: 1_000, jitter: 0.2 } },
  run({ attempt }) {
    const answer = answers[attempt - 1] ?? 'nothing';
    if (answer === 'rate limited') throw new RetryAtError(Date.now() + 100, answer);
    if (answer === 'forbidden') throw new UnrecoverableError(answer);
    throw new Error(answer);
  },
});

const leviathan = new Leviathan({ store: new MemoryStore(), processors: [ask] });
leviathan.on('retrying', ({ error, attempt }) => console.log(`attempt ${attempt}: ${error}, again later`));
await leviathan.start();

const { id } = await leviathan.add('ask', { url: 'https://example.org/' });
const job = await leviathan.wait(id);
console.log(`${job.status} (${job.reason}) after ${job.attempt} of ${job.maxAttempts} attempts`);
for (const error of job.metadata.errors) console.log(`  ${error.attempt}. ${error.name}: ${error.message}`);
await leviathan.stop();
