import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred, rig, task } from '../../test/rig';
import { MiddlewareError, StoreWriteError, UnknownTypeError, ValidationError } from '../errors';
import { defineProcessor } from '../processor';
import type { Middleware } from './middleware';

const greet = defineProcessor({ type: 'greet', input: z.object({ name: z.string() }), run: ({ input }) => input.name });
const names = (...list: string[]) => list.map((name) => ({ type: 'greet' as const, data: { name } }));

function queueWith(...middleware: Middleware[]) {
  return rig([greet], { middleware });
}

describe('middleware around enqueue', () => {
  it('stands around a whole call, the first one outermost', async () => {
    const story: string[] = [];
    const noting = (name: string): Middleware => ({
      async enqueue(specs, next) {
        story.push(`${name} in ${specs.length}`);
        const results = await next();
        story.push(`${name} out ${results.length}`);
        return results;
      },
    });
    const { queue } = queueWith(noting('a'), noting('b'));
    const handles = await queue.addMany(names('x', 'y'));
    expect(handles.map(({ added }) => added)).toEqual([true, true]);
    expect(story).toEqual(['a in 2', 'b in 2', 'b out 2', 'a out 2']);
  });

  it('may change jobs, which are checked again', async () => {
    const { queue } = queueWith({
      enqueue: (specs, next) => next(specs.map((spec) => ({ ...spec, tags: ['seen'], data: { name: 'changed' } }))),
    });
    const data = { name: 'x' };
    const { id } = await queue.add('greet', data);
    expect(await queue.get(id)).toMatchObject({ tags: ['seen'], data: { name: 'changed' } });
    expect(data).toEqual({ name: 'x' });

    const spoils = queueWith({ enqueue: (specs, next) => next(specs.map((spec) => ({ ...spec, data: { name: 1 } }))) });
    const error = await spoils.queue.addMany(names('x', 'y')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ issues: [{ path: [0, 'data', 'name'] }, { path: [1, 'data', 'name'] }] });

    const renames = queueWith({ enqueue: (specs, next) => next(specs.map((spec) => ({ ...spec, type: 'other' }))) });
    await expect(renames.queue.add('greet', { name: 'x' })).rejects.toThrow(UnknownTypeError);
    for (const { memory } of [spoils, renames]) expect((await memory.counts()).pending).toBe(0);
  });

  it('cannot change what the producer holds, nor be changed by it', async () => {
    const { queue } = queueWith({
      enqueue: (specs, next) => {
        for (const spec of specs) (spec.data as { name: string }).name += '!';
        return next();
      },
    });
    const data = { name: 'x' };
    const adding = queue.add('greet', data);
    data.name = 'too late';
    expect(await (await adding).job()).toMatchObject({ data: { name: 'x!' } });
    expect(data).toEqual({ name: 'too late' });
  });

  it('rejects the call with what it throws, and nothing is added', async () => {
    const full = new Error('over quota');
    const { queue, memory, errors } = queueWith({
      enqueue: () => {
        throw full;
      },
    });
    await expect(queue.addMany(names('x', 'y'))).rejects.toBe(full);
    expect((await memory.counts()).pending).toBe(0);
    expect(errors).toEqual([]);
  });

  it('is only reported when it throws after the jobs are in the store, awaited or not', async () => {
    const late = new Error('no ink');
    const awaited: Middleware = {
      name: 'printer',
      async enqueue(_, next) {
        await next();
        throw late;
      },
    };
    const notAwaited: Middleware = {
      name: 'printer',
      enqueue(_, next) {
        void next();
        throw late;
      },
    };
    for (const middleware of [awaited, notAwaited]) {
      const { queue, errors } = queueWith(middleware);
      const handle = await queue.add('greet', { name: 'x' });
      expect(await handle.job()).toMatchObject({ status: 'pending' });
      expect(errors).toMatchObject([
        {
          code: 'MIDDLEWARE',
          step: 'enqueue',
          message: expect.stringContaining('printer failed: no ink'),
          cause: late,
        },
      ]);
    }
  });

  it('adds nothing once a layer further out has rejected the call', async () => {
    const gate = deferred();
    const outer: Middleware = {
      enqueue: (_, next) => {
        void next();
        throw new Error('no time');
      },
    };
    const { queue, clock, memory } = queueWith(outer, { enqueue: (_, next) => gate.promise.then(() => next()) });
    await expect(queue.add('greet', { name: 'x' })).rejects.toThrow('no time');
    gate.resolve();
    await clock.settle();
    expect((await memory.counts()).pending).toBe(0);
  });

  it('passes on what the store throws, also when it tried to hide it', async () => {
    const full = new StoreWriteError('disk full', undefined);
    for (const enqueue of [
      (_: unknown, next: () => Promise<never>) => next(),
      async (_: unknown, next: () => Promise<never>) => {
        void next();
        return [{ id: 'made-up', added: true }];
      },
    ] as NonNullable<Middleware['enqueue']>[]) {
      const { queue, faults } = queueWith({ enqueue });
      faults.fail('add', full);
      await expect(queue.add('greet', { name: 'x' })).rejects.toBe(full);
    }
  });

  it('may answer by itself, with a result for each job', async () => {
    const { queue, memory } = queueWith({ enqueue: (specs) => specs.map(() => ({ id: 'the-one', added: false })) });
    const handle = await queue.add('greet', { name: 'x' });
    expect([handle.id, handle.added]).toEqual(['the-one', false]);
    expect((await memory.counts()).pending).toBe(0);

    const silent = queueWith({ enqueue: () => [] });
    await expect(silent.queue.add('greet', { name: 'x' })).rejects.toThrow(MiddlewareError);
  });

  it('may not change how many jobs there are, nor add them twice', async () => {
    const more = queueWith({ enqueue: (specs, next) => next([...specs, ...specs]) });
    await expect(more.queue.add('greet', { name: 'x' })).rejects.toThrow(/2 jobs instead of 1/);
    expect((await more.memory.counts()).pending).toBe(0);

    const twice = queueWith({
      name: 'eager',
      enqueue: async (_, next) => {
        await next();
        return next();
      },
    });
    await twice.queue.add('greet', { name: 'x' });
    expect((await twice.memory.counts()).pending).toBe(1);
    expect(twice.errors).toMatchObject([{ message: expect.stringContaining('eager called next() twice') }]);
  });

  it('leaves the call as it is where there is none', async () => {
    const { queue, faults } = rig([task('noop', () => 1)], { middleware: [{ run: (_, next) => next() }] });
    await queue.add('noop', null);
    expect(faults.calls('add')).toHaveLength(1);
  });
});

describe('middleware around the children of an attempt', () => {
  /** Gives the ids and results of the children that it asks for. */
  const family = task('family', async ({ children }) => {
    const done = await children('all', names('x', 'y'));
    return done.map((child) => [child?.id, child?.result]);
  });

  it('stands around each call of a handler that asks for jobs, once', async () => {
    const seen: unknown[] = [];
    const { queue, worker } = rig([family, greet], {
      middleware: [
        {
          async enqueue(specs, next) {
            const results = await next(specs.map((spec) => ({ ...spec, tags: ['seen'] })));
            seen.push(
              specs.map(({ type }) => type),
              results.map(({ id }) => id),
            );
            return results;
          },
        },
      ],
    });
    await worker.start();
    const handle = await queue.add('family', null);
    const ended = (await handle.result()) as [string, string][];
    expect(ended.map(([, result]) => result)).toEqual(['x', 'y']);
    expect(seen).toEqual([['family'], [handle.id], ['greet', 'greet'], ended.map(([id]) => id)]);
    const { jobs } = await queue.list({ filter: { parent: handle.id, tags: ['seen'] } });
    expect(jobs).toHaveLength(2);
  });

  const aboutChildren = (layer: NonNullable<Middleware['enqueue']>): { middleware: Middleware[] } => ({
    middleware: [{ enqueue: (specs, next) => (specs.length > 1 ? layer(specs, next) : next()) }],
  });

  it.each<[string, NonNullable<Middleware['enqueue']>, string]>([
    [
      'throws',
      () => {
        throw new Error('over quota');
      },
      'over quota',
    ],
    [
      'throws after next()',
      async (_, next) => {
        await next();
        throw new Error('no ink');
      },
      'no ink',
    ],
    ['passes on more jobs', (specs, next) => next([...specs, ...specs]), '4 jobs instead of 2'],
    [
      'passes on what does not fit its schema',
      (specs, next) => next(specs.map((spec) => ({ ...spec, data: { name: 1 } }))),
      '[1].data.name',
    ],
  ])('fails the attempt, and adds none, when a layer %s', async (_, layer, message) => {
    const { queue, worker } = rig([family, greet], aboutChildren(layer));
    await worker.start();
    const job = await (await queue.add('family', null, { attempts: 1 })).wait();
    expect(job).toMatchObject({
      status: 'failed',
      metadata: { errors: [{ message: expect.stringContaining(message) }] },
    });
    expect((await queue.counts()).byType).not.toHaveProperty('greet');
  });

  it('may answer by itself: the attempt waits for the jobs of its ids', async () => {
    const earlier = [
      { id: 'one', type: 'greet', data: { name: 'a' } },
      { id: 'two', type: 'greet', data: { name: 'b' } },
    ];
    const { memory, queue, worker } = rig(
      [family, greet],
      aboutChildren(() => earlier.map(({ id }) => ({ id, added: false }))),
    );
    await memory.add(earlier);
    await worker.start();
    expect(await (await queue.add('family', null)).result()).toEqual([
      ['one', 'a'],
      ['two', 'b'],
    ]);
    expect((await queue.counts()).byType).toMatchObject({ greet: { completed: 2 } });
  });
});
