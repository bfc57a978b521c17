import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { JobHandle } from './job-handle';
import { Leviathan } from './leviathan';
import { MemoryStore } from './memory-store';
import { type AnyProcessor, defineProcessor, type InputOf, type ResultOf } from './processor';
import { Queue } from './queue';
import type { StoreEvent } from './store';

const download = defineProcessor({
  type: 'download',
  input: z.object({ url: z.string(), retries: z.number().default(3), at: z.coerce.date() }),
  output: z.object({ bytes: z.number(), mime: z.string().optional() }),
  run: async ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ url: string; retries: number; at: Date }>();
    return { bytes: input.retries };
  },
});

const greet = defineProcessor({
  type: 'greet',
  input: z.string(),
  run: ({ input, job, attempt, signal, lastCheckpoint }) => {
    expectTypeOf(input).toEqualTypeOf<string>();
    expectTypeOf(job.data).toEqualTypeOf<unknown>();
    expectTypeOf(attempt).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(lastCheckpoint).not.toBeAny();
    return `hello ${input}`;
  },
});

const shrink = defineProcessor({
  type: 'shrink',
  input: z.object({ file: z.string() }),
  output: z.object({ bytes: z.number() }),
  module: new URL('./shrink.js', import.meta.url),
});

const plain = defineProcessor({ type: 'plain', input: z.string(), module: 'file:///plain.js' });

/** Compiled, never run. */
function types(check: () => unknown): void {
  expect(check).toBeTypeOf('function');
}

describe('types', () => {
  const store = new MemoryStore();
  const leviathan = new Leviathan({ store, processors: [download, greet] });
  const queue = new Queue({ store, processors: [download, greet] });
  const open = new Queue({ store });

  it('of a processor tell what goes in and what comes out', () => {
    expectTypeOf<InputOf<typeof download>>().toEqualTypeOf<{
      url: string;
      retries?: number | undefined;
      at: unknown;
    }>();
    expectTypeOf<ResultOf<typeof shrink>>().toEqualTypeOf<{ bytes: number }>();
    expectTypeOf<ResultOf<typeof plain>>().toEqualTypeOf<unknown>();
    expectTypeOf<InputOf<typeof plain>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<typeof download>>().toEqualTypeOf<{ bytes: number; mime?: string | undefined }>();
    expectTypeOf<InputOf<typeof greet>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<typeof greet>>().toEqualTypeOf<string>();
  });

  it('of an output schema: the handler returns what goes in, the job results in what comes out', () => {
    const measure = defineProcessor({
      type: 'measure',
      input: z.null(),
      output: z.object({ size: z.string().transform(Number), unit: z.string().default('px') }),
      run: () => ({ size: '12' }),
    });
    expectTypeOf<ResultOf<typeof measure>>().toEqualTypeOf<{ size: number; unit: string }>();
    const output = z.number();
    // @ts-expect-error: the handler returns something else
    defineProcessor({ type: 'odd', input: z.null(), output, run: () => 'x' });
  });

  it('of add follow from the type of the job, to the result', () => {
    types(async () => {
      for (const target of [leviathan, queue]) {
        const handle = await target.add('download', { url: 'http://a.test', at: '2025-01-30' });
        expectTypeOf(handle).toEqualTypeOf<JobHandle<{ bytes: number; mime?: string | undefined }>>();
        expectTypeOf(await handle.result()).toEqualTypeOf<{ bytes: number; mime?: string | undefined }>();
        expectTypeOf((await handle.wait()).result).toEqualTypeOf<
          { bytes: number; mime?: string | undefined } | undefined
        >();
        expectTypeOf(await (await target.add('greet', 'you')).result()).toEqualTypeOf<string>();
      }
      // @ts-expect-error: no such processor
      await leviathan.add('upload', {});
      // @ts-expect-error: the url is missing
      await leviathan.add('download', { at: 1 });
      // @ts-expect-error: data of another type
      await leviathan.add('greet', { url: 'http://a.test', at: 1 });
      // @ts-expect-error: no such option
      await leviathan.add('greet', 'you', { retries: 3 });
    });
  });

  it('of addMany are those of each job, in order', () => {
    types(async () => {
      const handles = await leviathan.addMany([
        { type: 'greet', data: 'you' },
        { type: 'download', data: { url: 'x', at: 1 }, options: { priority: 1 } },
      ]);
      expectTypeOf(handles).toEqualTypeOf<
        [JobHandle<string>, JobHandle<{ bytes: number; mime?: string | undefined }>]
      >();
      const list = await leviathan.addMany(['a', 'b'].map((data) => ({ type: 'greet' as const, data })));
      expectTypeOf(list).toEqualTypeOf<JobHandle<string>[]>();
      // @ts-expect-error: data of the other type
      await leviathan.addMany([{ type: 'greet', data: { url: 'x', at: 1 } }]);
    });
  });

  it('of a queue without processors are open', () => {
    types(async () => {
      interface Anything {
        field: string;
      }
      const data: Anything = { field: 'x' };
      const handle = await open.add('whatever', data);
      expectTypeOf(handle).toEqualTypeOf<JobHandle<unknown>>();
      const [one] = await open.addMany([{ type: 'whatever', data }]);
      expectTypeOf(one).toEqualTypeOf<JobHandle<unknown>>();
      const loaded: AnyProcessor[] = [download];
      await new Leviathan({ store, processors: loaded }).add('whatever', data);
    });
  });

  it('of listeners follow from the event', () => {
    types(() => {
      leviathan.on('completed', (event) => void expectTypeOf(event).toEqualTypeOf<StoreEvent>());
      queue.on('error', (error) => expectTypeOf(error).toEqualTypeOf<unknown>());
      // @ts-expect-error: no such event
      leviathan.on('compleated', () => {});
    });
  });
});
