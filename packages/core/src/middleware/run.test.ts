import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aborted, rig, task } from '../../test/rig';
import { defineProcessor } from '../processor';
import type { Middleware } from './middleware';

describe('middleware around run', () => {
  it('stands around the handler, the first one outermost, and sees its context', async () => {
    const story: string[] = [];
    const noting = (name: string): Middleware => ({
      async run({ job, attempt }, next) {
        story.push(`${name} in ${job.type} ${attempt}`);
        const result = await next();
        story.push(`${name} out ${result}`);
        return result;
      },
    });
    const { queue, worker } = rig([task('greet', () => story.push('handler') && 'hello')], {
      middleware: [noting('a'), noting('b')],
    });
    await worker.start();
    expect(await (await queue.add('greet', null)).result()).toBe('hello');
    expect(story).toEqual(['a in greet 1', 'b in greet 1', 'handler', 'b out hello', 'a out hello']);
  });

  it('may change the context and the result, inside the schemas', async () => {
    const double = defineProcessor({
      type: 'double',
      input: z.object({ n: z.number().default(1) }),
      output: z.object({ n: z.number() }),
      run: ({ input }) => ({ n: input.n * 2 }),
    });
    const { queue, worker } = rig([double], {
      middleware: [
        {
          run: async (ctx, next) => {
            expect(ctx.input).toEqual({ n: 1 });
            const result = (await next({ ...ctx, input: { n: 5 } } as typeof ctx)) as { n: number };
            return { n: result.n + 0.5 };
          },
        },
      ],
    });
    await worker.start();
    expect(await (await queue.add('double', {})).result()).toEqual({ n: 10.5 });
  });

  it('gets results that do not fit the schema refused', async () => {
    const strict = defineProcessor({ type: 'strict', input: z.unknown(), output: z.string(), run: () => 'text' });
    const { queue, worker } = rig([strict], { middleware: [{ run: () => 5 }] });
    await worker.start();
    const { id } = await queue.add('strict', null);
    expect(await queue.wait(id)).toMatchObject({ status: 'failed', metadata: { errors: [{ code: 'INVALID' }] } });
  });

  it('fails the attempt with what it throws, before and after the handler; the next one follows its backoff', async () => {
    let calls = 0;
    const { queue, worker, clock } = rig(
      [task('job', () => ++calls, { defaults: { backoff: { type: 'fixed', delay: 10 } } })],
      {
        middleware: [
          {
            run: async ({ attempt }, next) => {
              if (attempt === 1) throw new Error('before');
              const result = await next();
              if (attempt === 2) throw new Error('after');
              return result;
            },
          },
        ],
      },
    );
    await worker.start();
    const { id } = await queue.add('job', null);
    await clock.advance(100);
    const job = await queue.wait(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 3, result: 2 });
    expect(job.metadata.errors.map(({ message }) => message)).toEqual(['before', 'after']);
  });

  it('may do without the handler, and runs it once at most', async () => {
    let calls = 0;
    const { queue, worker } = rig([task('job', () => ++calls)], {
      middleware: [
        {
          run: async ({ input }, next) => {
            if (input === 'cached') return 'from the cache';
            return [await next(), await next().catch((error: Error) => error.message)];
          },
        },
      ],
    });
    await worker.start();
    expect(await (await queue.add('job', 'cached')).result()).toBe('from the cache');
    expect(await (await queue.add('job', 'other')).result()).toEqual([1, expect.stringContaining('next() twice')]);
  });

  it('ends with its attempt: timeout and cancellation reach it by the signal', async () => {
    const { queue, worker, clock } = rig([task('job', () => 'never')], {
      middleware: [{ run: (ctx) => aborted(ctx.signal) }],
    });
    await worker.start();
    const { id } = await queue.add('job', null, { timeout: 50, attempts: 1 });
    await clock.advance(50);
    expect(await queue.wait(id)).toMatchObject({ status: 'failed', reason: 'timeout' });
  });
});
