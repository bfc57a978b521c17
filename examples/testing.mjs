/** Tests of a processor: a real store and worker in memory, on a clock that does not make them wait. Any test runner will do. */
import assert from 'node:assert/strict';
import { defineProcessor } from '@leviathan/core';
import { runJob, testLeviathan } from '@leviathan/core/testing';
import { z } from 'zod';

const count = defineProcessor({
  type: 'count',
  input: z.object({ to: z.number(), failures: z.number().default(0) }),
  run: async ({ input, attempt, lastCheckpoint, progress, checkpoint, signal }) => {
    const from = Number(lastCheckpoint ?? 0);
    progress((from / input.to) * 100);
    if (attempt <= input.failures) {
      await checkpoint(from + 1);
      throw new Error('lost count');
    }
    signal.throwIfAborted();
    return { counted: input.to - from };
  },
});

const plain = await runJob(count, { to: 10 });
assert.deepEqual(plain.result, { counted: 10 });
console.log('it counts');

const resumed = await runJob(count, { to: 10 }, { checkpoint: 4 });
assert.deepEqual(resumed.result, { counted: 6 });
assert.deepEqual(resumed.progress, [{ percent: 40 }]);
console.log('it resumes');

const retried = await runJob(count, { to: 10, failures: 2 }, { attempts: 3 });
assert.equal(retried.attempts, 3);
assert.equal(retried.error?.message, 'lost count');
console.log('it retries, without waiting for the backoff');

const leviathan = testLeviathan({ processors: [count] });
const job = await leviathan.add('count', { to: 3 }, { delay: 24 * 60 * 60 * 1000 });
await leviathan.drain();
assert.deepEqual(await job.result(), { counted: 3 });
console.log('a day has passed');
await leviathan.stop();
